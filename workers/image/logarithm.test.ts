import { expect, test } from 'vitest';
import { naturalLog } from './logarithm';

test('the last bit is that of the C library', () => {
  expect(naturalLog(1)).toBe(0);
  expect(naturalLog(3)).toBe(1.0986122886681098);
  expect(naturalLog(1 / 3)).toBe(-1.0986122886681098);
  expect(naturalLog(2.25)).toBe(0.8109302162163288);
  expect(naturalLog(16 / 9)).toBe(0.5753641449035618);
  expect(naturalLog(0.1)).toBe(-2.3025850929940455);
  expect(naturalLog(65_535)).toBe(11.090339630053647);
});

test('within a bit of the browser elsewhere', () => {
  for (let x = 1e-4; x < 1e4; x *= 1.37) expect(Math.abs(naturalLog(x) / Math.log(x) - 1)).toBeLessThan(3e-16);
});
