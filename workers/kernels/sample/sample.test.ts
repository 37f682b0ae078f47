import { describe, expect, test } from 'vitest';
import {
  followsDistribution,
  PLAIN_SAMPLING,
  randomLogits,
  SAMPLING_FEATURES,
  samplingProbs,
} from '../../testing/samplingProbs';
import { NO_TOKEN, type Sampling } from '../shared/sampling';
import { sampleReference } from './sample.reference';

/** How often each token is drawn, by seeds 0, 1, … */
function histogram(logits: Float32Array, sampling: Partial<Sampling>, draws: number): number[] {
  const counts = new Array<number>(logits.length).fill(0);
  for (let seed = 0; seed < draws; seed++) {
    counts[sampleReference(logits, { ...PLAIN_SAMPLING, ...sampling, seed }, 7)]!++;
  }
  return counts;
}

describe('draws follow the distribution by the book', () => {
  test.each(SAMPLING_FEATURES)('%s', (_, feature) => {
    const logits = randomLogits(40, 2, 99);
    const probs = samplingProbs(logits, { ...PLAIN_SAMPLING, ...feature });
    expect(followsDistribution(histogram(logits, feature, 4000), probs)).toBe(true);
  });

  test('so do those of one seed at successive positions', () => {
    const logits = randomLogits(40, 2, 98);
    const counts = new Array<number>(40).fill(0);
    for (let position = 0; position < 4000; position++) counts[sampleReference(logits, PLAIN_SAMPLING, position)]!++;
    expect(followsDistribution(counts, samplingProbs(logits, PLAIN_SAMPLING))).toBe(true);
  });

  test('another distribution is told apart', () => {
    const logits = randomLogits(40, 2, 99);
    const counts = histogram(logits, { temperature: 1.1 }, 4000);
    expect(followsDistribution(counts, samplingProbs(logits, PLAIN_SAMPLING))).toBe(false);
  });

  test('top-k and top-p keep equals of the last', () => {
    const logits = Float32Array.from([1, 2, 1, 2, 1]);
    const drawn = (sampling: Partial<Sampling>) =>
      histogram(logits, sampling, 500).flatMap((count, id) => (count > 0 ? [id] : []));
    expect(drawn({ topK: 1 })).toEqual([1, 3]);
    expect(drawn({ topK: 3 })).toEqual([0, 1, 2, 3, 4]);
    expect(drawn({ topP: 0.3 })).toEqual([1, 3]);
    expect(drawn({ topP: 0.7 })).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('extremes', () => {
  test('greedy takes the first of equals', () => {
    const greedy = { ...PLAIN_SAMPLING, temperature: 0 };
    expect(sampleReference(Float32Array.from([0, 3, 1, 3]), greedy, 0)).toBe(1);
  });

  test.each(SAMPLING_FEATURES)('%s: huge, tiny and impossible logits', (_, feature) => {
    const logits = Float32Array.from([-Infinity, -1e30, 1e30, -Infinity, 1e29, 0]);
    expect(histogram(logits, feature, 20)[2]).toBe(20);
  });

  test('a token at -Infinity is never drawn', () => {
    const counts = histogram(Float32Array.from([-Infinity, 0, -Infinity, 0]), {}, 200);
    expect(counts[0]! + counts[2]!).toBe(0);
    expect(counts[1]).toBeGreaterThan(60);
  });

  test.each([[[0, NaN, 1]], [[0, Infinity]], [[-Infinity, -Infinity]], [[]]])('%j has no token', (logits) => {
    expect(sampleReference(Float32Array.from(logits), PLAIN_SAMPLING, 0)).toBe(NO_TOKEN);
  });
});

test('seed and position decide, and nothing else', () => {
  const logits = randomLogits(1000, 1, 1);
  const tokens = (seed: number) =>
    Array.from({ length: 30 }, (_, position) => sampleReference(logits, { ...PLAIN_SAMPLING, seed }, position));
  expect(tokens(5)).toEqual(tokens(5));
  const seeds = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1];
  expect(new Set(seeds.map((seed) => tokens(seed).join())).size).toBe(seeds.length);
});
