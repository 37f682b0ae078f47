import type { Random } from './random';

/** Weights as trained matrices have them: normal, or Student's t with 5 degrees of freedom for heavy tails. */
export function randomWeights(random: Random, distribution: 'gaussian' | 'student', count: number): Float32Array {
  const weights = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = gaussian(random);
    weights[i] = 0.02 * (distribution === 'gaussian' ? value : value / Math.sqrt(chiSquared5(random) / 5));
  }
  return weights;
}

/** Box–Muller. */
function gaussian(random: Random): number {
  return Math.sqrt(exponential2(random)) * Math.cos(2 * Math.PI * random.next());
}

/** Two exponentials are four degrees of freedom, one squared normal is the fifth. */
function chiSquared5(random: Random): number {
  return exponential2(random) + exponential2(random) + gaussian(random) ** 2;
}

/** Exponential of mean 2. */
function exponential2(random: Random): number {
  return -2 * Math.log(1 - random.next());
}
