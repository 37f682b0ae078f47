import { engineError } from '../errors';
import { NO_TOKEN, type Sampling } from '../kernels/shared/sampling';
import type { Program, Step } from './backend';

export { hasPenalties, type Sampling } from '../kernels/shared/sampling';

/** One token of an answer. */
export interface SampledToken {
  tokenId: number;
  /** [vocabSize], before penalties; only where they were asked for. */
  logits: Float32Array<ArrayBuffer> | null;
}

/**
 * The token loop: sampling, the position and the next token stay where the logits are, so that a token costs no round
 * trip. A step is submitted at once and its promise resolves when the token is known; calls may overlap. Every promise
 * rejects with ModelCorruptError where the logits are no numbers, or with what befell the device.
 */
export interface TokenLoop {
  /** Calls that may wait for their tokens at the same time. */
  readonly mostInFlight: number;
  /** Begins an answer to a prompt of these tokens, or goes on with one that has `written` tokens. */
  begin(sampling: Sampling, promptTokens: readonly number[], written?: readonly number[]): void;
  /**
   * Computes the last step of the prompt, by one of the programs of the loop, in submissions of at most `size()` operations,
   * as Program.parts does, and samples the token after it. Returns it when the last part is submitted.
   */
  first(
    program: Program,
    step: Step,
    wantsLogits: boolean,
    size: () => number,
  ): Generator<number, Promise<SampledToken>>;
  /** Computes the step of the token sampled last and samples the token after it. */
  next(wantsLogits: boolean): Promise<SampledToken>;
  /** Makes ready for checks by a program that gives the logits of every row. Throws UnsupportedError or DeviceLostError. */
  prepareCheck(program: Program): Promise<void>;
  /**
   * Computes several tokens by a program that `prepareCheck` was given, and returns the greedy choice after each. `resume`
   * must say where to go on.
   */
  check(program: Program, step: Step): Promise<number[]>;
  /** Has the next step feed this token at this position. */
  resume(tokenId: number, position: number): void;
}

/** Throws ModelCorruptError where a kernel reported that it found no token. */
export function checkSampled(tokenId: number): number {
  if (tokenId !== NO_TOKEN) return tokenId;
  // The weights are what was stored, since loading checks their hashes: the checkpoint or the device is the likely cause.
  throw engineError('ModelCorruptError', 'the model computed logits that are not numbers');
}
