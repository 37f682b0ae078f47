import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { gateHeadsReference } from '../gateHeads/gateHeads.reference';
import { chunkCount, partialFloats } from '../shared/keyChunks';
import { headQuads, type KvCacheShape } from '../shared/kvCache';
import { mergeAttention } from './mergeAttention';
import { mergeAttentionReference } from './mergeAttention.reference';

interface Case {
  numHeads: number;
  headDim: number;
  capacity: number;
  rows: number;
  isGated?: boolean;
}

async function check(device: GPUDevice, { numHeads, headDim, capacity, rows, isGated = false }: Case) {
  const cache: KvCacheShape = { format: 'f32', numKvHeads: 1, headDim, capacity };
  const random = new Random(capacity);
  const [width, channels] = [paddedWidth(numHeads * headDim), 4 * headQuads(headDim)];
  const rowFloats = partialFloats(numHeads, cache);
  const partials = new Float32Array((rows + 1) * rowFloats).fill(NaN);
  const out = new Float32Array((rows + 1) * width).fill(777);
  const want = out.slice();
  // Each head has its gates behind a query that is read elsewhere.
  const gates = {
    numHeads,
    headDim,
    start: headDim,
    stride: 2 * headDim,
    gateWidth: paddedWidth(2 * numHeads * headDim),
  };
  const qkv = random.floats((rows + 1) * gates.gateWidth).map((value) => 3 * value);
  for (let row = 0; row < rows; row++) {
    const chunks = chunkCount(capacity - rows + row + 1);
    if (chunks === 1) continue;
    for (let head = 0; head < numHeads; head++) {
      const parts = Array.from({ length: chunks }, (_, chunk) => {
        const [highest, weightSum] = [20 * random.next(), 1 + random.next()];
        const values = [...random.floats(channels)];
        const start = row * rowFloats + (head * rowFloats) / numHeads + chunk * (4 + channels);
        partials.set([highest, weightSum, 0, 0, ...values], start);
        return { highest, weightSum, values };
      });
      want.set(mergeAttentionReference(parts).slice(0, headDim), row * width + head * headDim);
    }
  }
  const gated = { gateStart: gates.start, queryStride: gates.stride, qkvWidth: gates.gateWidth };
  const launch = mergeAttention({ numHeads, cache, gated: isGated ? gated : null });
  const operands = isGated ? [partials, out, qkv] : [partials, out];
  await runLaunch(device, launch, { rows, position: capacity - rows }, operands);
  if (isGated) gateHeadsReference(want, qkv, want, { ...gates, rows, width, gating: 'sigmoid' });
  expect(nmse(out, want)).toBeLessThan(1e-11);
  expect(out.filter((_, i) => want[i] === 777).every((value) => value === 777)).toBe(true);
}

for (const [numHeads, headDim, capacity, rows] of [
  [3, 70, 257, 1],
  [9, 64, 1000, 3],
  [5, 12, 259, 8],
  [1, 256, 8192, 2],
] as const) {
  gpuTest(`mergeAttention: ${numHeads} heads of ${headDim}, ${rows} rows up to ${capacity} keys`, ({ device }) =>
    check(device, { numHeads, headDim, capacity, rows }),
  );
}

gpuTest('mergeAttention with gates', ({ device }) =>
  check(device, { numHeads: 4, headDim: 48, capacity: 700, rows: 2, isGated: true }),
);

gpuTest('rows of one chunk are no work', () => {
  const merge = mergeAttention({
    numHeads: 1,
    cache: { format: 'f16', numKvHeads: 1, headDim: 64, capacity: 999 },
    gated: null,
  });
  expect(merge.grid(8, 256)).toContain(0);
  expect(merge.grid(8, 257)).not.toContain(0);
});
