import { expect } from 'vitest';
import { checkAttention } from '../../testing/checkAttention';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { randomCache } from '../../testing/randomCache';
import { runLaunch } from '../../testing/runLaunch';
import type { KvCacheShape } from '../shared/kvCache';
import { attention } from './attention';

const CASES = [
  // numHeads, numKvHeads, headDim, capacity, rows, position
  [1, 1, 2, 1, 1, 0],
  [2, 2, 24, 70, 5, 0],
  [4, 2, 64, 203, 1, 130],
  [8, 1, 72, 67, 2, 63],
  [3, 3, 70, 40, 17, 20],
  [2, 1, 96, 129, 1, 128],
  [6, 2, 128, 80, 3, 64],
  [2, 2, 256, 66, 1, 65],
  [40, 1, 288, 150, 2, 128],
  [2, 1, 510, 40, 1, 20],
] as const;

for (const format of ['f32', 'f16', 'int8'] as const) {
  for (const [numHeads, numKvHeads, headDim, capacity, rows, position] of CASES) {
    const name = `${numHeads}/${numKvHeads} heads of ${headDim}, ${rows} rows at ${position} of ${capacity}`;
    gpuTest(`attention ${format}: ${name}`, ({ device }) =>
      checkAttention(device, attention, { cache: { format, numKvHeads, headDim, capacity }, numHeads, rows, position }),
    );
  }
  maxGpuTest(`attention ${format} with all that the adapter offers`, ({ device }) =>
    checkAttention(device, attention, {
      cache: { format, numKvHeads: 2, headDim: 64, capacity: 90 },
      numHeads: 4,
      rows: 2,
      position: 70,
    }),
  );
}

gpuTest('a prompt of 64 rows', ({ device }) =>
  checkAttention(device, attention, {
    cache: { format: 'f32', numKvHeads: 1, headDim: 32, capacity: 64 },
    numHeads: 2,
    rows: 64,
    position: 0,
  }),
);

gpuTest('steep softmax neither overflows nor loses its sum', ({ device }) =>
  checkAttention(device, attention, {
    cache: { format: 'f32', numKvHeads: 1, headDim: 64, capacity: 200 },
    numHeads: 2,
    rows: 2,
    position: 150,
    magnitude: 12,
  }),
);

gpuTest('what stands behind the position does not matter, not even NaN', async ({ device }) => {
  const cache: KvCacheShape = { format: 'f32', numKvHeads: 1, headDim: 32, capacity: 100 };
  const random = new Random(5);
  const q = random.floats(32);
  const run = async (garbage: number) => {
    const keys = randomCache(new Random(6), cache, 'keys', { count: 71, garbage });
    const values = randomCache(new Random(7), cache, 'values', { count: 71, garbage });
    const got = new Float32Array(32);
    const launch = attention({ numHeads: 1, cache, scale: 0.2 });
    await runLaunch(device, launch, { rows: 1, position: 70 }, [q, keys.bytes, values.bytes, got]);
    return got;
  };
  const clean = await run(0);
  expect(clean.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  expect(await run(NaN)).toEqual(clean);
});
