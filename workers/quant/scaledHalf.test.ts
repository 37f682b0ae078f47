import { expect, test } from 'vitest';
import { float16ToFloat32 } from './half';
import {
  float32ToScaledHalf,
  LARGEST_SCALED_HALF,
  nearestScaledHalf,
  scaledHalfToFloat32,
  SMALLEST_SCALED_HALF,
} from './scaledHalf';

test('every half below 64 is kept, and none but zero becomes subnormal', () => {
  const halves = Array.from({ length: 0x5400 }, (_, bits) => bits).flatMap((bits) => [bits, bits | 0x8000]);
  const wrong = halves.filter((half) => {
    const bits = float32ToScaledHalf(float16ToFloat32(half));
    const isSubnormal = (bits & 0x7c00) === 0 && (bits & 0x3ff) !== 0;
    return isSubnormal || !Object.is(scaledHalfToFloat32(bits), float16ToFloat32(half));
  });
  expect(wrong).toEqual([]);
});

test.each([
  [1e-30, SMALLEST_SCALED_HALF],
  [1.4 * 2 ** -24, 1.4 * 2 ** -24],
  [0.1, 0.1],
  [63.9, 63.9],
  [64, LARGEST_SCALED_HALF],
  [1e30, LARGEST_SCALED_HALF],
])('%f is nearest to the normal %f', (value, nearest) => {
  const found = nearestScaledHalf(value);
  expect(Math.abs(found / nearest - 1)).toBeLessThanOrEqual(2 ** -11);
  expect(found).toBeGreaterThanOrEqual(SMALLEST_SCALED_HALF);
  expect(found).toBeLessThanOrEqual(LARGEST_SCALED_HALF);
});
