import type { WgslSource } from '../../gpu/kernel';
import text from './sampling.wgsl?raw';

/** How the next token is chosen from the logits. */
export interface Sampling {
  /** 0 is greedy: the largest logit, the first of equals. */
  temperature: number;
  /** Keep the most probable tokens that together reach this probability, and equals of the last; 1 keeps all. */
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
  /** The same seed and logits give the same tokens. Its integer part counts, up to 2^53. */
  seed: number;
}

/** Declares `struct Sampling`, segments of the vocabulary and bits of the history. */
export const SAMPLING: WgslSource = { file: 'sampling.wgsl', text };

export const SAMPLING_BYTES = 48;

/** Tokens whose logits one workgroup of `penalize` takes, and `sample` and `argmax` may skip together. */
export const SEGMENT_TOKENS = 512;

/** Set in the history of a token that stands in the prompt or was generated; the lower bits count how often it was generated. */
export const SEEN = 2 ** 31;

/** What `penalize` knows of the tokens before: those of a prompt and of an answer that was begun. [vocabSize] */
export function tokenHistory(
  vocabSize: number,
  promptTokens: readonly number[],
  written: readonly number[],
): Uint32Array<ArrayBuffer> {
  const history = new Uint32Array(vocabSize);
  for (const id of promptTokens) history[id] = SEEN;
  for (const id of written) countToken(history, id);
  return history;
}

/** Notes that a token was generated. */
export function countToken(history: Uint32Array, tokenId: number): void {
  history[tokenId] = ((history[tokenId]! + 1) | SEEN) >>> 0;
}

/** Below this the largest logit outweighs all others, while dividing by it might overflow. */
const LEAST_TEMPERATURE = 1e-6;

/** True where logits depend on the tokens before. */
export function hasPenalties({ repetitionPenalty, presencePenalty, frequencyPenalty }: Sampling): boolean {
  return repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
}

/** The contents of the uniform `sampling`. */
export function samplingBytes(sampling: Sampling): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(SAMPLING_BYTES));
  const { temperature, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  const floats = [
    temperature === 0 ? 0 : Math.max(temperature, LEAST_TEMPERATURE),
    topP,
    minP,
    repetitionPenalty,
    presencePenalty,
    frequencyPenalty,
  ];
  floats.forEach((value, i) => view.setFloat32(4 * i, value, true));
  // More than any vocabulary has.
  view.setUint32(24, Math.min(sampling.topK, 2 ** 31), true);
  const [low, high] = seedWords(sampling.seed);
  view.setUint32(28, low, true);
  view.setUint32(32, high, true);
  return new Uint8Array(view.buffer);
}

/** A seed as two words. */
export function seedWords(seed: number): [low: number, high: number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/** The token that an `argmax` or `sample` reports for logits of which one is NaN or +Infinity, or none is finite. */
export const NO_TOKEN = 0xffff_ffff;
