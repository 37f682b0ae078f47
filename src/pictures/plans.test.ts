import { expect, test } from 'vitest';
import { gridLines, planFor, slicesOf } from './plans';

const plans = [
  { maxSlices: 1, columns: 1, rows: 1, tiles: 1, tokens: 66 },
  { maxSlices: 2, columns: 2, rows: 1, tiles: 3, tokens: 200 },
  { maxSlices: 6, columns: 3, rows: 2, tiles: 7, tokens: 468 },
];

test('a number of slices asks for the plan that has as many as are allowed', () => {
  expect([1, 2, 5, 6, 9, null].map((most) => planFor(plans, most).columns)).toEqual([1, 2, 2, 3, 3, 3]);
});

test('the most detail is asked for without a number, so that another model gives its own', () => {
  expect(plans.map((plan) => slicesOf(plans, plan))).toEqual([1, 2, null]);
});

test('lines are drawn between the parts', () => {
  expect(gridLines({ columns: 3, rows: 2 })).toBe('M1 0V2M2 0V2M0 1H3');
  expect(gridLines({ columns: 1, rows: 1 })).toBe('');
});
