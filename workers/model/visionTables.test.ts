import { expect, test } from 'vitest';
import { interpolationMix } from './interpolation';
import { unfoldPatches } from './patches';
import { positionBuckets } from './positionBuckets';
import { sineTable } from './sineTable';

test('sines: columns first, then rows, sines before cosines', () => {
  const table = sineTable({ rows: 3, columns: 6 }, 2304, 2304);
  const at = (2 * 6 + 5) * 2304;
  for (const [channel, want] of [
    [0, -0.95892427],
    [1, -0.97838472],
    [576, 0.28366219],
    [1152, 0.90929743],
    [1153, 0.92204031],
    [1728, -0.41614684],
  ] as const) {
    expect(table[at + channel]).toBeCloseTo(want, 6);
  }
});

test('sines: rows are padded with zeros', () => {
  const table = sineTable({ rows: 1, columns: 2 }, 8, 32);
  expect([...table.subarray(8, 32)]).toEqual(Array<number>(24).fill(0));
  expect(table[32 + 2]).toBeCloseTo(Math.cos(1), 6);
});

test('buckets are the floor, but for exact multiples that rounding takes below', () => {
  const row = (count: number) => [...positionBuckets(70, { rows: 1, columns: count })];
  expect(row(32)).toEqual(
    [
      0, 2, 4, 6, 8, 10, 13, 15, 17, 19, 21, 24, 26, 28, 30, 32, 35, 37, 39, 41, 43, 45, 48, 50, 52, 54, 56, 59, 61, 63,
    ].concat([65, 67]),
  );
  const floor = (count: number) => Array.from({ length: count }, (_, i) => Math.floor((70 * i) / count));
  expect(row(44)).toEqual(floor(44));
  expect(row(25)).not.toEqual(floor(25));
  expect(row(25).every((bucket, i) => floor(25)[i]! - bucket <= 1)).toBe(true);
  expect([...positionBuckets(70, { rows: 2, columns: 2 })]).toEqual([0, 35, 35 * 70, 35 * 70 + 35]);
});

/** Mixes a table of one column. */
function mixed(table: number[], mix: Float32Array, width: number): number[] {
  const rows = mix.length / width;
  return Array.from({ length: rows }, (_, m) => table.reduce((sum, value, k) => sum + mix[m * width + k]! * value, 0));
}

test('interpolation leaves a grid of the same size as it is', () => {
  const table = Array.from({ length: 16 }, (_, i) => Math.sin(i * i));
  for (const kernel of ['smooth', 'sharp'] as const) {
    const got = mixed(table, interpolationMix(4, { rows: 4, columns: 4 }, 32, kernel), 32);
    got.forEach((value, i) => expect(value).toBeCloseTo(table[i]!, 6));
  }
});

// torch.nn.functional.interpolate(mode='bicubic') of 0, 1, 0 in a row: its impulse response, by the kernels' formulas.
test('interpolation: a of -0.5 where it is smooth, of -0.75 where it is sharp', () => {
  const table = [0, 0, 0, 0, 1, 0, 0, 0, 0];
  const atQuarter = (kernel: 'smooth' | 'sharp') =>
    // Twice as many positions: those of the middle row lie a quarter beside the old ones.
    mixed(table, interpolationMix(3, { rows: 3, columns: 6 }, 32, kernel), 32).slice(6, 12);
  const smooth = [-0.0703125, 0.2265625, 0.8671875, 0.8671875, 0.2265625, -0.0703125];
  const sharp = atQuarter('sharp');
  expect(sharp[2]).toBeCloseTo(((-0.75 + 2) * 0.25 - (-0.75 + 3)) * 0.0625 + 1, 6);
  const got = atQuarter('smooth');
  expect(got[2]).toBeCloseTo(smooth[2]! / (smooth[2]! + 0.2265625 - 0.0703125 + 0), 4);
  for (const values of [got, sharp]) {
    values.forEach((value, i) => expect(value).toBeCloseTo(values[5 - i]!, 6));
  }
});

test('interpolation to a coarser grid keeps a constant, and averages where it is smooth', () => {
  const ones = Array<number>(64).fill(1);
  for (const kernel of ['smooth', 'sharp'] as const) {
    mixed(ones, interpolationMix(8, { rows: 3, columns: 5 }, 64, kernel), 64).forEach((value) =>
      expect(value).toBeCloseTo(1, 6),
    );
  }
  const stripes = Array.from({ length: 64 }, (_, i) => i % 2);
  const got = mixed(stripes, interpolationMix(8, { rows: 8, columns: 2 }, 64, 'smooth'), 64);
  got.forEach((value) => expect(Math.abs(value - 0.5)).toBeLessThan(0.1));
});

test('patches are rows of channel, y, x', () => {
  const pixels = Float32Array.from({ length: 3 * 4 * 6 }, (_, i) => i);
  const { rows, columns, values } = unfoldPatches(pixels, { height: 4, width: 6 }, 2, 16);
  expect([rows, columns]).toEqual([2, 3]);
  // Patch (1, 2): y 2 and 3, x 4 and 5 of each channel.
  expect([...values.subarray(5 * 16, 6 * 16)]).toEqual([16, 17, 22, 23, 40, 41, 46, 47, 64, 65, 70, 71, 0, 0, 0, 0]);
});
