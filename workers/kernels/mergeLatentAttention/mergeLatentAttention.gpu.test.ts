import { expect, test } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { latentHeads, randomKvB } from '../../testing/randomKvB';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { chunkCount, partialFloats } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import { latentHeadDim, type PackedLatentHeads } from '../shared/latentHeads';
import { mergeLatentAttention } from './mergeLatentAttention';
import { mergeLatentAttentionReference } from './mergeLatentAttention.reference';

async function check(device: GPUDevice, heads: PackedLatentHeads, capacity: number, rows: number) {
  const { numHeads, valueDim, format } = heads;
  const headDim = latentHeadDim(heads);
  const cache: KvCacheShape = { format: 'f32', numKvHeads: 1, headDim, capacity };
  const random = new Random(capacity);
  const width = paddedWidth(numHeads * valueDim);
  const rowFloats = partialFloats(numHeads, cache);
  const partials = new Float32Array((rows + 1) * rowFloats).fill(NaN);
  const kvB = randomKvB(random, format, heads);
  const out = new Float32Array((rows + 1) * width).fill(777);
  const want = out.slice();
  for (let row = 0; row < rows; row++) {
    const chunks = chunkCount(capacity - rows + row + 1);
    if (chunks === 1) continue;
    const parts = Array.from({ length: numHeads }, (_, head) =>
      Array.from({ length: chunks }, (_, chunk) => {
        const [highest, weightSum] = [20 * random.next(), 1 + random.next()];
        const values = [...random.floats(headDim)];
        const start = row * rowFloats + (head * rowFloats) / numHeads + chunk * (4 + headDim);
        partials.set([highest, weightSum, 0, 0, ...values], start);
        return { highest, weightSum, values };
      }),
    );
    const values = mergeLatentAttentionReference(parts, kvB.weightRow, heads);
    // The zeros behind the last head are cachedAttention's.
    want.set(values.subarray(0, numHeads * valueDim), row * width);
  }
  const launch = mergeLatentAttention(cache, heads);
  await runLaunch(device, launch, { rows, position: capacity - rows }, [partials, out, kvB.packed]);
  expect(nmse(out, want)).toBeLessThan(1e-11);
  expect(out.filter((_, i) => want[i] === 777).every((value) => value === 777)).toBe(true);
}

// Those of MiniCPM3 and of its test model, and awkward ones.
for (const [heads, capacity, rows] of [
  [latentHeads(40, 256, 32, 64, 64), 1000, 2],
  [latentHeads(4, 64, 32, 32, 96), 259, 8],
  [latentHeads(3, 36, 4, 4, 20), 257, 1],
  // Chunks that have grown.
  [latentHeads(1, 480, 32, 4, 65), 16_384, 1],
] as const) {
  const { numHeads, valueDim, rank } = heads;
  const name = `${numHeads} values of ${valueDim} from latents of ${rank}, ${rows} rows up to ${capacity} keys`;
  gpuTest(`mergeLatentAttention: ${name}`, ({ device }) => check(device, { ...heads, format: 'int4' }, capacity, rows));
}

for (const format of ['int4-affine', 'int8', 'int8-affine', 'f16', 'f32'] as const) {
  gpuTest(`mergeLatentAttention by weights of ${format}`, ({ device }) =>
    check(device, { ...latentHeads(2, 300, 4, 4, 20), format }, 300, 1),
  );
}

test('rows of one chunk are no work', () => {
  const cache: KvCacheShape = { format: 'f16', numKvHeads: 1, headDim: 40, capacity: 999 };
  const merge = mergeLatentAttention(cache, { ...latentHeads(1, 32, 8, 8, 8), format: 'f32' });
  expect(merge.grid(8, 256)).toContain(0);
  expect(merge.grid(8, 257)).not.toContain(0);
});
