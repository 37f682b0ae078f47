import { expect, test } from 'vitest';
import { branchTo, byPlace, newestLeafBelow } from './messageTree';

/** 0 ─ 1 ─ 2 ─ 3, with 4 beside 3, 5 beside 2 and 6 behind 5; 7 begins the conversation anew. */
const tree = [
  { id: 0, parentId: null },
  { id: 1, parentId: 0 },
  { id: 2, parentId: 1 },
  { id: 3, parentId: 2 },
  { id: 4, parentId: 2 },
  { id: 5, parentId: 1 },
  { id: 6, parentId: 5 },
  { id: 7, parentId: null },
];
const ids = (messages: { id: number }[]) => messages.map(({ id }) => id);

test('a branch goes from the beginning to its leaf', () => {
  expect(ids(branchTo(tree, 4))).toEqual([0, 1, 2, 4]);
  expect(ids(branchTo(tree, 7))).toEqual([7]);
  expect(branchTo(tree, null)).toEqual([]);
});

test('alternatives stand in the same place', () => {
  const places = byPlace(tree);
  expect(ids(places.get(2)!)).toEqual([3, 4]);
  expect(ids(places.get(null)!)).toEqual([0, 7]);
  expect(ids(places.get(5)!)).toEqual([6]);
  expect(places.has(6)).toBe(false);
});

test('the newest leaf is found below any message', () => {
  expect(newestLeafBelow(tree, 0)).toBe(6);
  expect(newestLeafBelow(tree, 2)).toBe(4);
  expect(newestLeafBelow(tree, 7)).toBe(7);
});
