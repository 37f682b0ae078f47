import { engineError } from '../errors';
import { randomSeed, seededRandom, type Random } from './random';

export interface SamplerOptions {
  /** 0 is greedy: the largest logit, the first of equals. */
  temperature: number;
  /** Keep the most probable tokens that together reach this probability; 1 keeps all. */
  topP: number;
  /** Keep this many of the most probable tokens, and equals of the last; 0 keeps all. */
  topK: number;
  /** Keep tokens at least this probable relative to the most probable; 0 keeps all. */
  minP: number;
  /** Over prompt and generated tokens: positive logits are divided by it, negative ones multiplied. 1 is none. */
  repetitionPenalty: number;
  /** Taken off the logit of every token generated so far. 0 is none. */
  presencePenalty: number;
  /** Taken off the logit once for each time the token was generated. 0 is none. */
  frequencyPenalty: number;
  /** The same seed and logits give the same tokens. Default: a new one each time. */
  seed?: number;
  promptTokens: readonly number[];
}

export interface Sampler {
  /** Chooses the next token and remembers it for the penalties. Leaves `logits` [vocabSize] as they are. */
  sample(logits: Float32Array): number;
}

/**
 * A sampler for one generation. Order and meaning are those of transformers: penalties, temperature, top-k, top-p,
 * min-p, draw. Throws RangeError for options outside their range; `sample` throws ModelCorruptError for logits with NaN
 * or +Infinity or without any finite one.
 */
export function createSampler(options: SamplerOptions): Sampler {
  checkOptions(options);
  const random = seededRandom(options.seed ?? randomSeed());
  const history = new TokenHistory(options);
  const selection = new Selection();
  return {
    sample(logits) {
      const penalized = history.penalize(logits);
      const best = indexOfLargest(penalized);
      const tokenId = options.temperature === 0 ? best : selection.draw(penalized, penalized[best]!, options, random);
      history.add(tokenId);
      return tokenId;
    },
  };
}

export interface Logprobs {
  logprob: number;
  /** The `count` most probable tokens, best first, the first of equals first. */
  top: { tokenId: number; logprob: number }[];
}

/** Natural log-probabilities under `logits` as the model gave them: before penalties and temperature. */
export function logprobsOf(logits: Float32Array, tokenId: number, count: number): Logprobs {
  const largest = logits[indexOfLargest(logits)]!;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const logSumExp = largest + Math.log(sum);
  const top = largestIndices(logits, Math.min(count, logits.length));
  return {
    logprob: logits[tokenId]! - logSumExp,
    top: top.map((id) => ({ tokenId: id, logprob: logits[id]! - logSumExp })),
  };
}

function checkOptions(options: SamplerOptions): void {
  const inRange: Record<string, boolean> = {
    temperature: options.temperature >= 0 && options.temperature < Infinity,
    topP: options.topP >= 0 && options.topP <= 1,
    topK: Number.isInteger(options.topK) && options.topK >= 0,
    minP: options.minP >= 0 && options.minP <= 1,
    repetitionPenalty: options.repetitionPenalty > 0 && options.repetitionPenalty < Infinity,
    presencePenalty: Number.isFinite(options.presencePenalty),
    frequencyPenalty: Number.isFinite(options.frequencyPenalty),
    seed: options.seed === undefined || Number.isFinite(options.seed),
  };
  const wrong = Object.keys(inRange).find((name) => !inRange[name]);
  if (wrong) throw new RangeError(`sampling: ${wrong} is out of range`);
}

/** The tokens that penalties look at. */
class TokenHistory {
  readonly #options: SamplerOptions;
  readonly #seen: Set<number>;
  readonly #generated = new Map<number, number>();
  #penalized = new Float32Array(0);

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#seen = new Set(options.promptTokens);
  }

  add(tokenId: number): void {
    this.#seen.add(tokenId);
    this.#generated.set(tokenId, (this.#generated.get(tokenId) ?? 0) + 1);
  }

  /** `logits` with penalties: the same array where there are none, else one that the next call overwrites. */
  penalize(logits: Float32Array): Float32Array {
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = this.#options;
    if (repetitionPenalty === 1 && presencePenalty === 0 && frequencyPenalty === 0) return logits;
    if (this.#penalized.length !== logits.length) this.#penalized = new Float32Array(logits.length);
    const penalized = this.#penalized;
    penalized.set(logits);
    if (repetitionPenalty !== 1) {
      for (const id of this.#seen) {
        const logit = penalized[id]!;
        penalized[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
      }
    }
    for (const [id, count] of this.#generated) penalized[id]! -= presencePenalty + frequencyPenalty * count;
    return penalized;
  }
}

/** Temperature, the three cuts and the draw. Keeps its arrays from call to call. */
class Selection {
  /** Token ids still in the running; only the first `#count` count. */
  #ids = new Uint32Array(0);
  /** exp((logit - largest) / temperature) of the token at the same place in #ids. */
  #weights = new Float64Array(0);
  #count = 0;
  #total = 0;

  draw(logits: Float32Array, largest: number, options: SamplerOptions, random: Random): number {
    const { temperature, topK, topP, minP } = options;
    if (this.#ids.length < logits.length) {
      this.#ids = new Uint32Array(logits.length);
      this.#weights = new Float64Array(logits.length);
    }
    this.#collect(
      logits,
      largest,
      temperature,
      topK > 0 && topK < logits.length ? kthLargest(logits, topK) : -Infinity,
    );
    if (topP < 1) this.#keepNucleus(topP);
    // The largest weight is exp(0).
    if (minP > 0) this.#keepFrom(minP);
    return this.#pick(random() * this.#total);
  }

  #collect(logits: Float32Array, largest: number, temperature: number, threshold: number): void {
    this.#count = 0;
    this.#total = 0;
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id]!;
      if (logit < threshold) continue;
      this.#add(id, Math.exp((logit - largest) / temperature));
    }
  }

  #add(id: number, weight: number): void {
    this.#ids[this.#count] = id;
    this.#weights[this.#count] = weight;
    this.#count++;
    this.#total += weight;
  }

  /** Keeps tokens of more than this weight and the first `equals` of just this weight, in order. */
  #keepFrom(lightest: number, equals = Infinity): void {
    const before = this.#count;
    this.#count = 0;
    this.#total = 0;
    for (let i = 0; i < before; i++) {
      const weight = this.#weights[i]!;
      if (weight > lightest || (weight === lightest && equals-- > 0)) this.#add(this.#ids[i]!, weight);
    }
  }

  /** Keeps, from the most probable on and equals in order, each token before which the sum has not reached topP. */
  #keepNucleus(topP: number): void {
    const goal = topP * this.#total;
    // All tokens lighter than this together weigh less than 1 - topP: the nucleus is among the others, so only these are sorted.
    this.#keepFrom(((1 - topP) * this.#total) / this.#count);
    const falling = this.#weights.slice(0, this.#count).sort().reverse();
    let size = 1;
    for (let sum = falling[0]!; size < falling.length && sum < goal; size++) sum += falling[size]!;
    const lightest = falling[size - 1]!;
    this.#keepFrom(lightest, size - falling.indexOf(lightest));
  }

  /** The token at `point` when all weights are laid end to end. */
  #pick(point: number): number {
    let rest = point;
    for (let i = 0; i < this.#count; i++) {
      rest -= this.#weights[i]!;
      if (rest < 0) return this.#ids[i]!;
    }
    // Rounding may leave a rest beyond the last weight.
    return this.#ids[this.#weights.subarray(0, this.#count).findLastIndex((weight) => weight > 0)]!;
  }
}

/** The first index of the largest value. Throws where it is not finite or some value is NaN. */
function indexOfLargest(logits: Float32Array): number {
  let best = -1;
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (logit > largest) {
      largest = logit;
      best = i;
    } else if (logit !== logit) {
      throw badLogits(`a logit that is not a number, for token ${i}`);
    }
  }
  if (!Number.isFinite(largest)) throw badLogits(`logits of which the largest is ${largest}`);
  return best;
}

/** Damaged weights are the likely cause: loading does not check their hashes. */
function badLogits(what: string): Error {
  return engineError('ModelCorruptError', `the model computed ${what}`);
}

function largestIndices(values: Float32Array, count: number): number[] {
  if (count <= 0) return [];
  const threshold = kthLargest(values, count);
  const indices: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i]! >= threshold) indices.push(i);
  return indices.sort((i, j) => (values[j] === values[i] ? i - j : values[j]! - values[i]!)).slice(0, count);
}

/** The k-th largest value, 1 <= k <= values.length, by a heap of the k largest with the smallest on top. */
function kthLargest(values: Float32Array, k: number): number {
  const heap = values.slice(0, k).sort();
  for (let i = k; i < values.length; i++) {
    if (values[i]! > heap[0]!) replaceTop(heap, values[i]!);
  }
  return heap[0]!;
}

function replaceTop(heap: Float32Array, value: number): void {
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= value) break;
    heap[parent] = heap[child]!;
    parent = child;
  }
  heap[parent] = value;
}
