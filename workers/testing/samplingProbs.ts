import type { Sampling } from '../kernels/shared/sampling';
import { Random } from './random';

export const PLAIN_SAMPLING: Sampling = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  seed: 1,
};

/** Every way to choose a token, one by one and together. */
export const SAMPLING_FEATURES: [string, Partial<Sampling>][] = [
  ['plain', {}],
  ['temperature 0.3', { temperature: 0.3 }],
  ['temperature 3', { temperature: 3 }],
  ['top-k 5', { topK: 5 }],
  ['top-k beyond the vocabulary', { topK: 1_000_000 }],
  ['top-p 0.5', { topP: 0.5 }],
  ['top-p 0.95', { topP: 0.95 }],
  ['top-p 0', { topP: 0 }],
  ['min-p 0.2', { minP: 0.2 }],
  ['min-p 1', { minP: 1 }],
  ['all cuts', { temperature: 0.8, topK: 20, topP: 0.8, minP: 0.05 }],
];

/** The distribution after all cuts by the book: everything sorted, everything in float64. [vocabSize] */
export function samplingProbs(penalized: ArrayLike<number>, { temperature, topK, topP, minP }: Sampling): number[] {
  let scores = Array.from(penalized, (logit) => logit / temperature);
  if (topK > 0) {
    const kth = [...scores].sort((a, b) => b - a)[Math.min(topK, scores.length) - 1]!;
    scores = scores.map((score) => (score < kth ? -Infinity : score));
  }
  if (topP < 1) {
    const probs = softmax(scores);
    const order = scores.map((_, id) => id).sort((a, b) => probs[b]! - probs[a]!);
    let sum = 0;
    const last = order.findIndex((id) => (sum += probs[id]!) >= topP);
    const least = scores[order[last < 0 ? order.length - 1 : last]!]!;
    scores = scores.map((score) => (score < least ? -Infinity : score));
  }
  if (minP > 0) {
    const probs = softmax(scores);
    const floor = minP * Math.max(...probs);
    scores = scores.map((score, id) => (probs[id]! < floor ? -Infinity : score));
  }
  return softmax(scores);
}

export function softmax(scores: number[]): number[] {
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Normally distributed logits, times `scale`. */
export function randomLogits(size: number, scale: number, seed: number): Float32Array<ArrayBuffer> {
  const random = new Random(seed);
  return Float32Array.from(
    { length: size },
    () => scale * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  );
}

/**
 * Whether `counts` of draws may come from `probs`: chi-square within four standard deviations of its mean, cells of fewer
 * than 5 expected draws put together, and nothing impossible drawn. For fixed seeds it is false for wrong code only.
 */
export function followsDistribution(counts: number[], probs: number[]): boolean {
  const draws = counts.reduce((total, count) => total + count, 0);
  let rest = { expected: 0, seen: 0 };
  let chiSquare = 0;
  let cells = 0;
  for (const [id, seen] of counts.entries()) {
    const expected = probs[id]! * draws;
    if (expected === 0 && seen > 0) return false;
    if (expected < 5) {
      rest = { expected: rest.expected + expected, seen: rest.seen + seen };
    } else {
      chiSquare += (seen - expected) ** 2 / expected;
      cells++;
    }
  }
  if (rest.expected >= 5) {
    chiSquare += (rest.seen - rest.expected) ** 2 / rest.expected;
    cells++;
  }
  return chiSquare < cells + 4 * Math.sqrt(2 * cells);
}
