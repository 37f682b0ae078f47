import { expect, test } from 'vitest';
import { PromptLookup } from './promptLookup';

test('drafts what followed the last three tokens before', () => {
  const lookup = new PromptLookup([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3]);
  expect(lookup.draft(4)).toEqual([4, 5, 6, 7]);
  expect(lookup.draft(0)).toEqual([]);
  lookup.push(4);
  expect(lookup.draft(2)).toEqual([5, 6]);
  lookup.push(99);
  expect(lookup.draft(2)).toEqual([]);
});

test('the latest occurrence counts, and a text that repeats itself goes on', () => {
  expect(new PromptLookup([1, 2, 3, 8, 1, 2, 3, 9, 1, 2, 3]).draft(1)).toEqual([9]);
  expect(new PromptLookup([5, 5, 5, 5]).draft(3)).toEqual([5, 5, 5]);
  expect(new PromptLookup([1, 2, 3, 1, 2, 3]).draft(5)).toEqual([1, 2, 3, 1, 2]);
});

test('a prediction is a draft from the first token on, and behind any part of it that the answer takes up', () => {
  const lookup = new PromptLookup([1, 2, 3], [4, 5, 6, 7, 8]);
  expect(lookup.draft(3)).toEqual([4, 5, 6]);
  for (const token of [9, 5, 6, 7]) lookup.push(token);
  expect(lookup.draft(1)).toEqual([8]);
  expect(new PromptLookup([1, 2, 3, 4, 1, 2, 3], [9]).draft(1)).toEqual([4]);
});

test('short texts have no draft', () => {
  for (const text of [[], [1], [1, 2], [1, 2, 3]]) expect(new PromptLookup(text).draft(5)).toEqual([]);
});

test('drafts that do not pay pause it, ever longer; one that pays ends that', () => {
  const text = Array.from({ length: 40 }, (_, i) => i % 4);
  const lookup = new PromptLookup(text);
  const pushesUntilDraft = () => {
    for (let pushes = 0; ; pushes++) {
      if (lookup.draft(1).length > 0) return pushes;
      lookup.push(pushes % 4);
    }
  };
  // How long a token takes is not known yet.
  lookup.checked(1, 15, Infinity);
  const first = pushesUntilDraft();
  lookup.checked(1, 15, 10);
  const second = pushesUntilDraft();
  expect(first).toBeGreaterThanOrEqual(8);
  expect(second).toBeGreaterThanOrEqual(16);
  lookup.checked(3, 15, 10);
  expect(pushesUntilDraft()).toBe(0);
  lookup.checked(1, 15, 10);
  expect(pushesUntilDraft()).toBeLessThan(second);
});
