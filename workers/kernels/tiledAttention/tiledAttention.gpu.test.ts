import { expect } from 'vitest';
import { checkAttention } from '../../testing/checkAttention';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { randomCache } from '../../testing/randomCache';
import { runLaunch } from '../../testing/runLaunch';
import type { KvCacheShape } from '../shared/kvCache';
import { tiledAttention, type TiledAttentionShape } from './tiledAttention';

// numHeads, numKvHeads, headDim, capacity, rows, position
type Case = readonly [number, number, number, number, number, number];

/** Heads whose channels end in the middle of a word or group, and of more than one. */
const EVERY_FORMAT: readonly Case[] = [
  [5, 5, 12, 50, 33, 0],
  [3, 3, 70, 57, 17, 37],
  [2, 1, 64, 128, 128, 0],
  [6, 2, 128, 120, 40, 79],
  [8, 1, 288, 70, 11, 50],
];
/** Further shapes, which all formats treat alike. */
const ONE_FORMAT: readonly Case[] = [
  [1, 1, 2, 1, 1, 0],
  [4, 2, 64, 203, 9, 130],
  [8, 1, 72, 67, 15, 50],
  [2, 2, 80, 120, 65, 15],
  [2, 1, 96, 161, 31, 128],
  [3, 3, 100, 81, 16, 64],
  [2, 2, 130, 30, 9, 20],
  [2, 2, 256, 90, 23, 66],
  [2, 1, 260, 40, 17, 20],
  [2, 1, 320, 40, 9, 20],
  [2, 1, 510, 40, 9, 20],
];

for (const format of ['f32', 'f16', 'int8'] as const) {
  const cases = format === 'f32' ? [...EVERY_FORMAT, ...ONE_FORMAT] : EVERY_FORMAT;
  for (const [numHeads, numKvHeads, headDim, capacity, rows, position] of cases) {
    const name = `${numHeads}/${numKvHeads} heads of ${headDim}, ${rows} rows at ${position} of ${capacity}`;
    const cache: KvCacheShape = { format, numKvHeads, headDim, capacity };
    gpuTest(`tiledAttention ${format}: ${name}`, ({ device }) =>
      checkAttention(device, tiledAttention, { cache, numHeads, rows, position }),
    );
  }
  maxGpuTest(`tiledAttention ${format} with all that the adapter offers`, ({ device }) =>
    checkAttention(device, tiledAttention, {
      cache: { format, numKvHeads: 2, headDim: 64, capacity: 90 },
      numHeads: 4,
      rows: 20,
      position: 70,
    }),
  );
}

/** As where a processor computes. */
const onProcessor = (shape: TiledAttentionShape) => tiledAttention({ ...shape, isOnProcessor: true });

for (const [format, numHeads, numKvHeads, headDim, capacity, rows, position, seen] of [
  ['f32', 3, 3, 12, 40, 10, 8, 'causal'],
  ['f16', 4, 2, 64, 70, 21, 33, 'causal'],
  ['int8', 2, 1, 254, 60, 9, 30, 'causal'],
  ['f32', 2, 2, 72, 70, 66, 0, 'step'],
  ['f32', 2, 2, 128, 66, 64, 65, 'before'],
  ['f16', 4, 1, 288, 40, 9, 20, 'causal'],
] as const) {
  const name = `${numHeads}/${numKvHeads} heads of ${headDim}, ${rows} rows at ${position} of ${capacity}, ${seen}`;
  const cache: KvCacheShape = { format, numKvHeads, headDim, capacity };
  gpuTest(`tiledAttention ${format} in small workgroups: ${name}`, ({ device }) =>
    checkAttention(device, onProcessor, { cache, numHeads, rows, position, seen }),
  );
}

// The heads of SigLIP and of the resampler, and those of models for tests.
for (const [seen, numHeads, headDim, capacity, rows, position] of [
  ['step', 16, 72, 70, 66, 0],
  ['step', 2, 48, 160, 144, 0],
  ['step', 3, 72, 40, 1, 0],
  ['step', 2, 64, 90, 20, 37],
  ['before', 2, 128, 66, 64, 66],
  ['before', 1, 128, 100, 64, 50],
  ['before', 3, 128, 32, 64, 1],
] as const) {
  gpuTest(`tiledAttention over all keys (${seen}): ${numHeads} heads of ${headDim}, ${rows} rows`, ({ device }) =>
    checkAttention(device, tiledAttention, {
      cache: { format: 'f32', numKvHeads: numHeads, headDim, capacity },
      numHeads,
      rows,
      position,
      seen,
    }),
  );
}

gpuTest('steep softmax neither overflows nor loses its sum', ({ device }) =>
  checkAttention(device, tiledAttention, {
    cache: { format: 'f32', numKvHeads: 1, headDim: 64, capacity: 200 },
    numHeads: 2,
    rows: 20,
    position: 150,
    magnitude: 12,
  }),
);

gpuTest(
  'what stands behind the rows in use, in the cache or in q, does not matter, not even NaN',
  async ({ device }) => {
    const cache: KvCacheShape = { format: 'f32', numKvHeads: 1, headDim: 32, capacity: 100 };
    const rows = 11;
    const run = async (garbage: number) => {
      const count = 70 + rows;
      const keys = randomCache(new Random(6), cache, 'keys', { count, garbage });
      const values = randomCache(new Random(7), cache, 'values', { count, garbage });
      const q = new Random(5).floats(16 * 32).fill(garbage, rows * 32);
      const out = new Float32Array(16 * 32);
      const launch = tiledAttention({ numHeads: 1, cache, scale: 0.2 });
      await runLaunch(device, launch, { rows, position: 70 }, [q, keys.bytes, values.bytes, out]);
      return out;
    };
    const clean = await run(0);
    expect(clean.subarray(0, rows * 32).every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    expect(await run(NaN)).toEqual(clean);
  },
);
