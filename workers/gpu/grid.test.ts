import { describe, expect, test } from 'vitest';
import { linearGrid, MAX_WORKGROUPS_PER_DIMENSION, workgroupsFor } from './grid';

test('workgroupsFor rounds up', () => {
  expect([workgroupsFor(0, 64), workgroupsFor(1, 64), workgroupsFor(64, 64), workgroupsFor(65, 64)]).toEqual([
    0, 1, 1, 2,
  ]);
});

describe('linearGrid', () => {
  for (const count of [1, 7, 65_535, 65_536, 131_071, 3_000_001]) {
    test(`covers ${count} inside the limit, with less than one row to spare`, () => {
      const [x, y, z] = linearGrid(count);
      expect(z).toBe(1);
      expect(Math.max(x, y)).toBeLessThanOrEqual(MAX_WORKGROUPS_PER_DIMENSION);
      expect(x * y).toBeGreaterThanOrEqual(count);
      expect(x * y - count).toBeLessThan(y);
    });
  }
});
