import { expect, test } from 'vitest';
import { afterVisits } from './crashWatch.svelte';

const nobody = new Set<string>();

test('a mark that outlives its tab is a crash, and those of starts in a row add up', () => {
  const once = afterVisits({ a: 'loading' }, nobody, null, 'b');
  expect(once).toEqual({ during: 'loading', times: 1 });
  expect(afterVisits({ b: 'answering' }, nobody, once, 'c')).toEqual({ during: 'answering', times: 2 });
  expect(afterVisits({ a: 'loading', b: 'answering' }, nobody, null, 'c')).toEqual({ during: 'answering', times: 1 });
});

test('marks of tabs that live, this one among them, are none', () => {
  expect(afterVisits({ a: 'answering', b: 'loading' }, new Set(['a']), null, 'b')).toBeNull();
  const before = { during: 'loading', times: 1 } as const;
  expect(afterVisits({}, nobody, before, 'b')).toBe(before);
});
