import { argmaxReference } from '../argmax/argmax.reference';
import { NO_TOKEN, seedWords, type Sampling } from '../shared/sampling';

/**
 * The next token for penalized logits [vocabSize]: greedy, or a draw among the tokens that top-k, top-p and min-p keep
 * (sample.wgsl). `position` is that of the token before it. NO_TOKEN where some logit is NaN or +Infinity, or none is
 * finite.
 */
export function sampleReference(penalized: ArrayLike<number>, sampling: Sampling, position: number): number {
  const best = argmaxReference(penalized);
  if (best === NO_TOKEN || sampling.temperature === 0) return best;
  const highest = penalized[best]!;
  const exponents = Float64Array.from(penalized, (logit) => (logit - highest) / sampling.temperature);
  const least = leastKept(exponents, sampling);
  const [x, y, z] = pcg3d(...seedWords(sampling.seed), position);
  let chosen = best;
  let largest = -Infinity;
  exponents.forEach((exponent, token) => {
    if (exponent < least) return;
    const noisy = exponent + gumbel(pcg3d(x, y, (z ^ token) >>> 0)[0]);
    if (noisy > largest) {
      largest = noisy;
      chosen = token;
    }
  });
  return chosen;
}

/** The smallest exponent that top-k, top-p and min-p keep, in that order; the largest is 0. */
function leastKept(exponents: Float64Array, { topK, topP, minP }: Sampling): number {
  let least = -Infinity;
  if (topK > 0 || topP < 1) {
    let falling = exponents.slice().sort().reverse();
    if (topK > 0 && topK < falling.length) {
      least = falling[topK - 1]!;
      falling = falling.subarray(0, falling.lastIndexOf(least) + 1);
    }
    if (topP < 1) least = leastOfNucleus(falling, topP);
  }
  return minP > 0 ? Math.max(least, Math.log(minP)) : least;
}

/** The last exponent that the nucleus needs to reach the probability topP. */
function leastOfNucleus(falling: Float64Array, topP: number): number {
  const goal = topP * falling.reduce((total, exponent) => total + Math.exp(exponent), 0);
  let sum = 0;
  for (const exponent of falling) {
    sum += Math.exp(exponent);
    if (sum >= goal) return exponent;
  }
  return falling.at(-1)!;
}

/** Standard Gumbel noise from 32 random bits: −ln(−ln(1 − v)). */
function gumbel(random: number): number {
  const v = ((random >>> 9) + 0.5) * 2 ** -23;
  return -Math.log(-Math.log1p(-v));
}

/** PCG3D (Jarzynski and Olano 2020, "Hash Functions for GPU Rendering"). */
function pcg3d(x: number, y: number, z: number): [number, number, number] {
  const scramble = (value: number) => (Math.imul(value, 1664525) + 1013904223) | 0;
  let [a, b, c] = [scramble(x), scramble(y), scramble(z)];
  const mix = () => {
    a = (a + Math.imul(b, c)) | 0;
    b = (b + Math.imul(c, a)) | 0;
    c = (c + Math.imul(a, b)) | 0;
  };
  mix();
  [a, b, c] = [a ^ (a >>> 16), b ^ (b >>> 16), c ^ (c >>> 16)];
  mix();
  return [a >>> 0, b >>> 0, c >>> 0];
}
