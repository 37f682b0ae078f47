import type { Backend, Program, Step } from '../ops/backend';
import type { CachedTokens } from './cachedTokens';
import type { FeatureStore } from './featureStore';
import { PrefillChunks } from './prefillChunks';
import { Submissions } from './submissions';

/** Computes the last step of a prompt in submissions of at most `size()` operations, and promises what is wanted of it. */
export type Finish<T> = (program: Program, step: Step, size: () => number) => Generator<number, Promise<T>>;

/** New tokens of a prompt that decoding computes sooner, one by one, than the products for many rows do, which round up. */
export const FEW_TOKENS = 4;

/** A token is one submission, as those that follow a prompt are, and tells nothing about chunks. */
const WHOLE = () => Infinity;
const UNTIMED = { part: () => undefined };

interface PrefillParts {
  backend: Backend;
  decode: Program;
  prefill: Program;
  cached: CachedTokens;
  /** Of a model that takes pictures. */
  features: FeatureStore | null;
  vocabSize: number;
}

/** Brings the cache of a model to the end of a prompt. */
export class Prefill {
  readonly #chunks: PrefillChunks;

  constructor(private readonly parts: PrefillParts) {
    this.#chunks = new PrefillChunks(parts.prefill.capacity);
  }

  /**
   * Computes what of a prompt is not in the cache, one token at least, its last step by `finish`. `throwIfStopped` is called
   * behind each submission.
   */
  run<T>(promptIds: readonly number[], finish: Finish<T>, throwIfStopped: () => void): Promise<T> {
    const { cached, vocabSize } = this.parts;
    const newIds = promptIds.slice(cached.length);
    // Once for all of them: how many rows a chunk has is a matter of speed, which results are not to depend on.
    const areFew = newIds.length <= FEW_TOKENS && newIds.every((id) => id < vocabSize);
    return areFew ? this.#oneByOne(newIds, finish, throwIfStopped) : this.#inChunks(newIds, finish, throwIfStopped);
  }

  async #oneByOne<T>(newIds: readonly number[], finish: Finish<T>, throwIfStopped: () => void): Promise<T> {
    const { backend, decode, cached } = this.parts;
    const submissions = new Submissions(backend);
    const begin = (tokenId: number): Step => {
      cached.promptBegun(1);
      return { tokenIds: [tokenId], position: cached.length };
    };
    for (const tokenId of newIds.slice(0, -1)) {
      await submissions.run(decode.parts(begin(tokenId), WHOLE), UNTIMED, throwIfStopped);
      cached.push(tokenId);
    }
    const last = newIds.at(-1)!;
    const result = await submissions.run(finish(decode, begin(last), WHOLE), UNTIMED, throwIfStopped);
    cached.push(last);
    return result;
  }

  async #inChunks<T>(newIds: readonly number[], finish: Finish<T>, throwIfStopped: () => void): Promise<T> {
    const { backend, prefill, cached, features } = this.parts;
    const chunks = this.#chunks;
    // Tokens of an earlier answer that nobody waits for are not to be counted in the time of the first part.
    await backend.flush();
    const submissions = new Submissions(backend);
    let rest = newIds;
    for (;;) {
      const rows = rest.slice(0, Math.min(prefill.capacity, chunks.rows, cached.mostRows(rest.length)));
      const step = { tokenIds: features?.deviceIds(rows) ?? rows, position: cached.length };
      const size = () => chunks.operations(rows.length);
      const part = (ms: number, operations: number) => chunks.submissionTook(ms, operations, rows.length);
      cached.promptBegun(rows.length);
      if (rows.length === rest.length) {
        const result = await submissions.run(finish(prefill, step, size), { part }, throwIfStopped);
        cached.push(...rows);
        return result;
      }
      const timing = { part, step: (ms: number) => chunks.took(ms, rows.length) };
      await submissions.run(prefill.parts(step, size), timing, throwIfStopped);
      cached.push(...rows);
      rest = rest.slice(rows.length);
      cached.promptSubmitted(rest.length);
      // By the time of this one the next may be larger.
      if (chunks.isSmallest) await submissions.drain();
      throwIfStopped();
    }
  }
}
