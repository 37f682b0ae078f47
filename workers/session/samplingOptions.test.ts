import { expect, test } from 'vitest';
import type { SamplingDefaults } from '../protocol/model';
import { randomSeed } from './randomSeed';
import { samplingOf } from './samplingOptions';

const DEFAULTS: SamplingDefaults = {
  maxTokens: null,
  temperature: 0.5,
  topP: 0.8,
  topK: 10,
  minP: 0.1,
  repetitionPenalty: 1.02,
};

test('what is not asked for is as the authors set it, and the seed another each time', () => {
  const { seed, ...sampling } = samplingOf({ temperature: 0, presence_penalty: 1 }, DEFAULTS);
  expect(sampling).toEqual({
    temperature: 0,
    topP: 0.8,
    topK: 10,
    minP: 0.1,
    repetitionPenalty: 1.02,
    presencePenalty: 1,
    frequencyPenalty: 0,
  });
  expect(samplingOf({}, DEFAULTS).seed).not.toBe(seed);
});

test.each([
  { temperature: -1 },
  { temperature: NaN },
  { temperature: Infinity },
  { top_p: 1.1 },
  { top_k: 1.5 },
  { top_k: -1 },
  { min_p: NaN },
  { repetition_penalty: 0 },
  { presence_penalty: NaN },
  { frequency_penalty: Infinity },
  { seed: NaN },
])('%o is refused', (wrong) => {
  expect(() => samplingOf(wrong, DEFAULTS)).toThrow(RangeError);
});

test('randomSeed gives integers below 2^53, each time another', () => {
  const seeds = Array.from({ length: 50 }, randomSeed);
  expect(new Set(seeds).size).toBe(50);
  for (const seed of seeds) {
    expect(Number.isSafeInteger(seed)).toBe(true);
    expect(seed).toBeGreaterThanOrEqual(0);
  }
});
