import { expect, test } from 'vitest';
import { positionBuckets } from './positionBuckets';
import { windowOrder } from './windowOrder';

test('squares of two by two, row by row', () => {
  expect([...windowOrder({ rows: 2, columns: 4 }, 1)]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
});

test('squares of four by four come apart into squares of two by two', () => {
  const order = [...windowOrder({ rows: 4, columns: 8 }, 2)];
  expect(order.slice(0, 8)).toEqual([0, 1, 8, 9, 2, 3, 10, 11]);
  expect(order.slice(16, 20)).toEqual([4, 5, 12, 13]);
  expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, i) => i));
});

test('the order of what windows become is that of fewer levels on the smaller grid', () => {
  const patches = windowOrder({ rows: 8, columns: 4 }, 2);
  const merged = Array.from({ length: 8 }, (_, i) => {
    const first = patches[4 * i]!;
    return Math.floor(first / 4 / 2) * 2 + Math.floor((first % 4) / 2);
  });
  expect(merged).toEqual([...windowOrder({ rows: 4, columns: 2 }, 1)]);
});

test('by division, the bucket of a position is the floor of its share', () => {
  for (const side of [10, 14, 32, 70]) {
    for (let count = 4; count <= 128; count += 4) {
      const ids = positionBuckets(side, { rows: 1, columns: count }, 'division');
      expect([...ids]).toEqual(Array.from({ length: count }, (_, i) => Math.floor((side * i) / count)));
    }
  }
});
