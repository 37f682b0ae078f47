/** A source of numbers: uniform in [0, 1), with 53 random bits. */
export type Random = () => number;

const WARM_UP = 16;

/**
 * xoshiro128** (Blackman and Vigna), its state filled from `seed` by SplitMix32. The same seed gives the same numbers
 * on every machine. Of `seed` the integer part counts, up to 2^53.
 */
export function seededRandom(seed: number): Random {
  const low = splitMix32(seed >>> 0);
  const high = splitMix32(~Math.floor(seed / 2 ** 32));
  let [a, b, c, d] = [low(), low(), high(), high()];
  const next = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotateLeft(d, 11);
    return result;
  };
  // Until both halves of the seed have reached every word.
  for (let i = 0; i < WARM_UP; i++) next();
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/** A seed nobody can foresee: an integer in [0, 2^53). */
export function randomSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high! >>> 11) * 2 ** 32 + low!;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function splitMix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
}
