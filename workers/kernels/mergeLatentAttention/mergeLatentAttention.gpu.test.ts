import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { unpackRow } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { chunkCount, partialFloats } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import type { LatentHeads } from '../shared/latentHeads';
import { mergeLatentAttention } from './mergeLatentAttention';
import { mergeLatentAttentionReference } from './mergeLatentAttention.reference';

interface Case {
  numHeads: number;
  expanded: LatentHeads;
  capacity: number;
  rows: number;
}

async function check(device: GPUDevice, { numHeads, expanded, capacity, rows }: Case) {
  const { ropeDim, rank, contentDim, valueDim, format } = expanded;
  const headDim = ropeDim + rank;
  const cache: KvCacheShape = { format: 'f32', numKvHeads: 1, headDim, capacity };
  const random = new Random(capacity);
  const width = paddedWidth(numHeads * valueDim);
  const rowFloats = partialFloats(numHeads, cache);
  const partials = new Float32Array((rows + 1) * rowFloats).fill(NaN);
  const matrix = randomPackedMatrix(random, format, numHeads * (contentDim + valueDim), rank);
  const out = new Float32Array((rows + 1) * width).fill(777);
  const want = out.slice();
  for (let row = 0; row < rows; row++) {
    const chunks = chunkCount(capacity - rows + row + 1);
    if (chunks === 1) continue;
    const heads = Array.from({ length: numHeads }, (_, head) =>
      Array.from({ length: chunks }, (_, chunk) => {
        const [highest, weightSum] = [20 * random.next(), 1 + random.next()];
        const values = [...random.floats(headDim)];
        const start = row * rowFloats + (head * rowFloats) / numHeads + chunk * (4 + headDim);
        partials.set([highest, weightSum, 0, 0, ...values], start);
        return { highest, weightSum, values };
      }),
    );
    const unpack = (at: number, into: Float32Array) => unpackRow(format, matrix, at, rank, into, 0);
    const values = mergeLatentAttentionReference(heads, unpack, { numHeads, ...expanded });
    // The zeros behind the last head are cachedAttention's.
    want.set(values.subarray(0, numHeads * valueDim), row * width);
  }
  const launch = mergeLatentAttention({ numHeads, cache, expanded });
  await runLaunch(device, launch, { rows, position: capacity - rows }, [partials, out, matrix]);
  expect(nmse(out, want)).toBeLessThan(1e-11);
  expect(out.filter((_, i) => want[i] === 777).every((value) => value === 777)).toBe(true);
}

// numHeads, ropeDim, rank, contentDim, valueDim, capacity, rows: those of MiniCPM3 and of its test model, and awkward ones.
for (const [numHeads, ropeDim, rank, contentDim, valueDim, capacity, rows] of [
  [40, 32, 256, 64, 64, 1000, 2],
  [4, 32, 64, 32, 96, 259, 8],
  [3, 4, 36, 4, 20, 257, 1],
  [1, 32, 480, 4, 65, 8192, 1],
] as const) {
  const name = `${numHeads} values of ${valueDim} from latents of ${rank}, ${rows} rows up to ${capacity} keys`;
  gpuTest(`mergeLatentAttention: ${name}`, ({ device }) =>
    check(device, { numHeads, expanded: { format: 'int4', ropeDim, rank, contentDim, valueDim }, capacity, rows }),
  );
}

for (const format of ['int4-affine', 'int8', 'int8-affine', 'f16', 'f32'] as const) {
  gpuTest(`mergeLatentAttention by weights of ${format}`, ({ device }) =>
    check(device, {
      numHeads: 2,
      expanded: { format, ropeDim: 4, rank: 300, contentDim: 4, valueDim: 20 },
      capacity: 300,
      rows: 1,
    }),
  );
}

gpuTest('rows of one chunk are no work', () => {
  const merge = mergeLatentAttention({
    numHeads: 1,
    cache: { format: 'f16', numKvHeads: 1, headDim: 40, capacity: 999 },
    expanded: { format: 'f32', ropeDim: 8, rank: 32, contentDim: 8, valueDim: 8 },
  });
  expect(merge.grid(8, 256)).toContain(0);
  expect(merge.grid(8, 257)).not.toContain(0);
});
