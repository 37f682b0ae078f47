import { expect, test } from 'vitest';
import { authorsValue, faultOf, rangeFor, SAMPLING_KEYS, SAMPLING_RANGES, withSetting } from './sampling';

test('bounds are allowed, what lies beyond is not, and counts are whole', () => {
  for (const key of SAMPLING_KEYS) {
    const { min, max } = SAMPLING_RANGES[key];
    expect([faultOf(key, min), faultOf(key, max)]).toEqual([null, null]);
    for (const value of [min - 0.01, max + 1, NaN, Infinity])
      expect(faultOf(key, value), `${key} ${value}`).not.toBeNull();
  }
  expect(faultOf('top_k', 1.5)).toBe('not a whole number');
});

test('the longest answer is as long as what the model keeps in mind', () => {
  expect(faultOf('max_tokens', 384, rangeFor('max_tokens', 384))).toBeNull();
  expect(faultOf('max_tokens', 385, rangeFor('max_tokens', 384))).toBe('not between 1 and 384');
  expect(rangeFor('max_tokens', 131072)).toEqual(SAMPLING_RANGES.max_tokens);
  expect(rangeFor('top_k', 10)).toEqual(SAMPLING_RANGES.top_k);
});

test('a setting is changed, left to the authors, or kept where the change makes no sense', () => {
  expect(withSetting({ top_p: 0.5 }, 'temperature', 1.2)).toEqual({ top_p: 0.5, temperature: 1.2 });
  expect(withSetting({ top_p: 0.5, top_k: 3 }, 'top_p', null)).toEqual({ top_k: 3 });
  expect(withSetting({ top_p: 0.5 }, 'top_p', 7)).toEqual({ top_p: 0.5 });
});

test('the authors’ values are those of the model', () => {
  const defaults = { maxTokens: null, temperature: 0.7, topP: 0.8, topK: 100, minP: 0, repetitionPenalty: 1.05 };
  expect(SAMPLING_KEYS.map((key) => authorsValue(key, defaults))).toEqual([0.7, 0.8, 100, 1.05, null]);
});
