import { describe, expect, test } from 'vitest';
import { seededRandom } from './random';
import { createSampler, logprobsOf, type SamplerOptions } from './sampler';

const PLAIN: SamplerOptions = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 1,
  promptTokens: [],
};

/** The distribution after all steps by the book: everything sorted, everything in float64. [vocabSize] */
function referenceProbs(logits: Float32Array, options: SamplerOptions, generated: number[]): number[] {
  let scores = Array.from(logits, (logit, id) => {
    const seen = options.promptTokens.includes(id) || generated.includes(id);
    const repeated = !seen ? logit : logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty;
    const count = generated.filter((token) => token === id).length;
    return repeated - (count > 0 ? options.presencePenalty : 0) - options.frequencyPenalty * count;
  });
  scores = scores.map((score) => score / options.temperature);
  if (options.topK > 0) {
    const kth = [...scores].sort((a, b) => b - a)[Math.min(options.topK, scores.length) - 1]!;
    scores = scores.map((score) => (score < kth ? -Infinity : score));
  }
  if (options.topP < 1) {
    const probs = softmax(scores);
    const order = scores.map((_, id) => id).sort((a, b) => probs[b]! - probs[a]! || a - b);
    let before = 0;
    order.forEach((id, place) => {
      if (place > 0 && before >= options.topP) scores[id] = -Infinity;
      before += probs[id]!;
    });
  }
  if (options.minP > 0) {
    const probs = softmax(scores);
    const floor = options.minP * Math.max(...probs);
    scores = scores.map((score, id) => (probs[id]! < floor ? -Infinity : score));
  }
  return softmax(scores);
}

function softmax(scores: number[]): number[] {
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Normally distributed logits, times `scale`. */
function randomLogits(size: number, scale: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from(
    { length: size },
    () => scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

/** How often each token is drawn first by samplers of different seeds. */
function histogram(logits: Float32Array, options: SamplerOptions, draws: number): number[] {
  const counts = new Array<number>(logits.length).fill(0);
  for (let seed = 0; seed < draws; seed++) counts[createSampler({ ...options, seed }).sample(logits)]!++;
  return counts;
}

/** Chi-square of the counts, cells of fewer than 5 expected ones put together; -1 where an impossible token was drawn. */
function chiSquare(counts: number[], probs: number[], draws: number): { value: number; cells: number } {
  let rest = { expected: 0, seen: 0 };
  let value = 0;
  let cells = 0;
  counts.forEach((seen, id) => {
    const expected = probs[id]! * draws;
    if (expected === 0 && seen > 0) value = Infinity;
    else if (expected < 5) rest = { expected: rest.expected + expected, seen: rest.seen + seen };
    else {
      value += (seen - expected) ** 2 / expected;
      cells++;
    }
  });
  if (rest.expected >= 5) return { value: value + (rest.seen - rest.expected) ** 2 / rest.expected, cells: cells + 1 };
  return { value, cells };
}

const FEATURES: [string, Partial<SamplerOptions>][] = [
  ['plain', {}],
  ['temperature 0.3', { temperature: 0.3 }],
  ['temperature 3', { temperature: 3 }],
  ['top-k 5', { topK: 5 }],
  ['top-k beyond the vocabulary', { topK: 1000 }],
  ['top-p 0.5', { topP: 0.5 }],
  ['top-p 0.95', { topP: 0.95 }],
  ['top-p 0', { topP: 0 }],
  ['min-p 0.2', { minP: 0.2 }],
  ['min-p 1', { minP: 1 }],
  ['all cuts', { temperature: 0.8, topK: 20, topP: 0.8, minP: 0.05 }],
  ['repetition 1.3', { repetitionPenalty: 1.3, promptTokens: [0, 3, 3, 7, 11] }],
  ['all', { temperature: 0.9, topK: 15, topP: 0.9, minP: 0.02, repetitionPenalty: 1.1, promptTokens: [1, 2, 3] }],
];

describe('the first draw follows the reference distribution', () => {
  const draws = 4000;
  test.each(FEATURES)('%s', (_, feature) => {
    const options = { ...PLAIN, ...feature };
    const logits = randomLogits(40, 2, 99);
    const probs = referenceProbs(logits, options, []);
    const { value, cells } = chiSquare(histogram(logits, options, draws), probs, draws);
    // Mean cells - 1, standard deviation sqrt(2 cells); seeds are fixed, so this fails for wrong code only.
    expect(value).toBeLessThan(cells + 4 * Math.sqrt(2 * cells));
  });

  test('equal logits: top-k keeps equals of the last, top-p the first of equals', () => {
    const logits = Float32Array.from([1, 2, 1, 2, 1]);
    const drawn = (options: Partial<SamplerOptions>) =>
      histogram(logits, { ...PLAIN, ...options }, 500).flatMap((count, id) => (count > 0 ? [id] : []));
    expect(drawn({ topK: 1 })).toEqual([1, 3]);
    expect(drawn({ topK: 3 })).toEqual([0, 1, 2, 3, 4]);
    expect(drawn({ topP: 0.3 })).toEqual([1]);
    expect(drawn({ topP: 0.6 })).toEqual([1, 3]);
    expect(drawn({ topP: 0.7 })).toEqual([0, 1, 3]);
  });
});

describe('the kept tokens are those of the reference, on large vocabularies', () => {
  test.each([1, 5, 20])('logits of scale %d', (scale) => {
    const logits = randomLogits(5000, scale, scale);
    for (const feature of [
      { topP: 0.9 },
      { topK: 50 },
      { minP: 0.1 },
      { topK: 100, topP: 0.7, minP: 0.01, temperature: 0.7 },
    ]) {
      const options = { ...PLAIN, ...feature };
      const probs = referenceProbs(logits, options, []);
      const rarest = Math.min(...probs.filter((prob) => prob > 0));
      const counts = histogram(logits, options, 300);
      counts.forEach((count, id) => expect(count === 0 || probs[id]! >= rarest, `token ${id}`).toBe(true));
    }
  });
});

describe('penalties over a generation', () => {
  test.each([
    { repetitionPenalty: 1.5, promptTokens: [4, 9] },
    { presencePenalty: 1.2 },
    { frequencyPenalty: 0.7 },
    { frequencyPenalty: -0.5, presencePenalty: 2, repetitionPenalty: 0.9 },
  ])('%o: greedy tokens are those of the reference', (feature) => {
    const options = { ...PLAIN, ...feature, temperature: 0 };
    const sampler = createSampler(options);
    const generated: number[] = [];
    for (let step = 0; step < 40; step++) {
      const logits = randomLogits(30, 1, step % 3);
      const probs = referenceProbs(logits, { ...options, temperature: 1 }, generated);
      expect(sampler.sample(logits)).toBe(probs.indexOf(Math.max(...probs)));
      generated.push(probs.indexOf(Math.max(...probs)));
    }
  });

  test('logits stay as they are', () => {
    const logits = randomLogits(30, 1, 5);
    const sampler = createSampler({ ...PLAIN, repetitionPenalty: 2, presencePenalty: 1, promptTokens: [1, 2, 3] });
    const before = logits.slice();
    for (let step = 0; step < 5; step++) sampler.sample(logits);
    expect(logits).toEqual(before);
  });
});

describe('extremes', () => {
  test('greedy takes the first of equals', () => {
    expect(createSampler({ ...PLAIN, temperature: 0 }).sample(Float32Array.from([0, 3, 1, 3]))).toBe(1);
  });

  test.each(FEATURES)('%s: huge, tiny and impossible logits', (_, feature) => {
    const logits = Float32Array.from([-Infinity, -1e30, 1e30, -Infinity, 1e29, 0]);
    for (let seed = 0; seed < 20; seed++) expect(createSampler({ ...PLAIN, ...feature, seed }).sample(logits)).toBe(2);
  });

  test('a token at -Infinity is never drawn', () => {
    const logits = Float32Array.from([-Infinity, 0, -Infinity, 0]);
    const counts = histogram(logits, PLAIN, 200);
    expect(counts[0]! + counts[2]!).toBe(0);
    expect(counts[1]).toBeGreaterThan(60);
  });

  test.each([
    ['NaN', [0, NaN, 1], 'not a number, for token 1'],
    ['+Infinity', [0, Infinity], 'Infinity'],
    ['nothing possible', [-Infinity, -Infinity], '-Infinity'],
    ['no logits', [], '-Infinity'],
  ])('%s is an error', (_, logits, message) => {
    expect(() => createSampler(PLAIN).sample(Float32Array.from(logits))).toThrow(message);
  });

  test.each([
    { temperature: -1 },
    { temperature: NaN },
    { temperature: Infinity },
    { topP: 1.1 },
    { topK: 1.5 },
    { topK: -1 },
    { minP: NaN },
    { repetitionPenalty: 0 },
    { presencePenalty: NaN },
    { frequencyPenalty: Infinity },
    { seed: NaN },
  ])('%o is refused', (wrong) => {
    expect(() => createSampler({ ...PLAIN, ...wrong })).toThrow(RangeError);
  });
});

test('the same seed gives the same tokens; without one, samplers differ', () => {
  const logits = randomLogits(1000, 1, 1);
  const tokens = (seed?: number) => {
    const sampler = createSampler({ ...PLAIN, seed, topP: 0.99 });
    return Array.from({ length: 30 }, () => sampler.sample(logits));
  };
  expect(tokens(5)).toEqual(tokens(5));
  expect(tokens(5)).not.toEqual(tokens(6));
  expect(tokens()).not.toEqual(tokens());
});

describe('logprobsOf', () => {
  test.each([1, 4, 100])('agrees with the reference, scale %d', (scale) => {
    const logits = randomLogits(500, scale, 3);
    const logs = softmax(Array.from(logits)).map(Math.log);
    const order = logs.map((_, id) => id).sort((a, b) => logits[b]! - logits[a]! || a - b);
    const { logprob, top } = logprobsOf(logits, 17, 5);
    // The reference underflows where the logarithm does not.
    if (logs[17]! > -700) expect(logprob).toBeCloseTo(logs[17]!, 9);
    expect(top.map(({ tokenId }) => tokenId)).toEqual(order.slice(0, 5));
    expect(top[0]!.logprob).toBeCloseTo(logs[order[0]!]!, 9);
  });

  test('equals in order of id, no more than there are, none where none are asked', () => {
    const logits = Float32Array.from([1, 1, 2, 1]);
    expect(logprobsOf(logits, 0, 3).top.map(({ tokenId }) => tokenId)).toEqual([2, 0, 1]);
    expect(logprobsOf(logits, 0, 20).top).toHaveLength(4);
    expect(logprobsOf(logits, 0, 0).top).toEqual([]);
  });

  test('-Infinity and huge logits', () => {
    const { logprob, top } = logprobsOf(Float32Array.from([-Infinity, 1e30, -1e30]), 0, 2);
    expect(logprob).toBe(-Infinity);
    expect(top[0]).toEqual({ tokenId: 1, logprob: 0 });
  });
});
