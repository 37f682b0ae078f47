import { expect } from 'vitest';
import type { Launch } from '../gpu/kernel';
import type { AttentionShape } from '../kernels/attention/attention';
import { attentionReference } from '../kernels/attention/attention.reference';
import type { KvCacheShape } from '../kernels/shared/kvCache';
import { paddedWidth } from '../quant/layout';
import { nmse } from './allclose';
import { Random } from './random';
import { randomCache } from './randomCache';
import { runLaunch } from './runLaunch';

export interface AttentionCase {
  cache: KvCacheShape;
  numHeads: number;
  rows: number;
  position: number;
  /** Magnitude of queries and keys: large ones make softmax steep. */
  magnitude?: number;
  seen?: 'causal' | 'step' | 'before';
}

/** Compares a kernel for attention over the cache with the reference, and looks after padding and the row behind. */
export async function checkAttention(
  device: GPUDevice,
  kernel: (shape: AttentionShape & Pick<AttentionCase, 'seen'>) => Launch,
  { cache, numHeads, rows, position, magnitude = 1, seen = 'causal' }: AttentionCase,
): Promise<void> {
  const random = new Random(cache.headDim * numHeads + rows);
  const width = paddedWidth(numHeads * cache.headDim);
  const q = random.rows(rows + 1, numHeads * cache.headDim, width, magnitude);
  const count = seen === 'before' ? position : position + rows;
  const keys = randomCache(random, cache, 'keys', { count, magnitude });
  const values = randomCache(random, cache, 'values', { count });
  const got = new Float32Array((rows + 1) * width).fill(777);
  const scale = 1 / Math.sqrt(cache.headDim);
  const launch = kernel({ numHeads, cache, scale, seen });
  await runLaunch(device, launch, { rows, position }, [q, keys.bytes, values.bytes, got]);
  const want = new Float32Array(rows * width);
  attentionReference(q, keys.rows, values.rows, want, { rows, width, numHeads, scale, position, seen });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-11);
  expect(used.filter((_, i) => i % width >= numHeads * cache.headDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}
