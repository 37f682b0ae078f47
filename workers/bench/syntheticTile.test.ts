import { expect, test } from 'vitest';
import { matrixLayout } from '../quant/layout';
import { unpackMatrix } from '../quant/unpack';
import { syntheticTile } from './syntheticTile';

const COLUMNS = 2304;

test.each(['int4', 'int8', 'f32'] as const)(
  '%s weights are around zero and keep the magnitude of their input',
  (format) => {
    const tile = syntheticTile(matrixLayout(format, 32, COLUMNS), 32);
    const weights = unpackMatrix(format, tile, 32, COLUMNS);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    const variance = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0) / weights.length;
    expect(Math.abs(mean) * Math.sqrt(COLUMNS)).toBeLessThan(0.02);
    expect(Math.sqrt(variance * COLUMNS)).toBeGreaterThan(0.97);
    expect(Math.sqrt(variance * COLUMNS)).toBeLessThan(1.06);
  },
);

test.each(['int4', 'int8', 'f32'] as const)(
  '%s rows behind the matrix are zero, and those before are not',
  (format) => {
    const tile = syntheticTile(matrixLayout(format, 5, 300), 5);
    const weights = unpackMatrix(format, tile, 32, 300);
    expect(weights.subarray(0, 5 * 300).filter((weight) => weight !== 0).length).toBeGreaterThan(5 * 290);
    expect(weights.subarray(5 * 300).every((weight) => weight === 0)).toBe(true);
  },
);
