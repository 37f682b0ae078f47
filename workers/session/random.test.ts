import { describe, expect, test } from 'vitest';
import { randomSeed, seededRandom } from './random';

const draw = (seed: number, count: number): number[] => Array.from({ length: count }, seededRandom(seed));

describe('seededRandom', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    expect(draw(7, 20)).toEqual(draw(7, 20));
    expect(draw(7, 20)).not.toEqual(draw(8, 20));
  });

  test('every part of the seed counts', () => {
    const seeds = [0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1];
    expect(new Set(seeds.map((seed) => draw(seed, 1)[0])).size).toBe(seeds.length);
  });

  test('numbers are uniform in [0, 1): chi-square of 64 cells, 63 degrees of freedom', () => {
    const cells = new Array<number>(64).fill(0);
    for (const number of draw(42, 64_000)) cells[Math.floor(number * 64)]!++;
    const chiSquare = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 0.001 and 0.999 quantiles.
    expect(chiSquare).toBeGreaterThan(34);
    expect(chiSquare).toBeLessThan(104);
  });

  test('neighbours are not correlated', () => {
    const numbers = draw(3, 20_000);
    const products = numbers.slice(1).map((number, i) => (number - 0.5) * (numbers[i]! - 0.5));
    const mean = products.reduce((sum, product) => sum + product, 0) / products.length;
    // The standard error is 1 / 12 / sqrt(20,000) = 0.0006.
    expect(Math.abs(mean)).toBeLessThan(0.0025);
  });
});

test('randomSeed gives integers below 2^53, each time another', () => {
  const seeds = Array.from({ length: 50 }, randomSeed);
  expect(new Set(seeds).size).toBe(50);
  for (const seed of seeds) {
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(seed).toBeGreaterThanOrEqual(0);
  }
});
