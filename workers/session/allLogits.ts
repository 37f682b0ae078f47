import { engineError } from '../errors';
import type { Program } from '../ops/backend';
import type { FeatureStore } from './featureStore';
import { compileForward, runForLogits, type ForwardParts } from './forwardProgram';

/** Rows of one submission: 32 rows of 130,000 logits are 17 MB. */
const MOST_ROWS = 32;

/** The logits of every position of a prompt, by a program that is compiled for the first one. */
export class AllLogits {
  #program: Program | null = null;

  constructor(
    private readonly parts: ForwardParts,
    private readonly features: FeatureStore | null,
  ) {}

  /**
   * Computes all tokens, whatever is in the cache. [positions, vocabSize]. Throws OutOfMemoryError, and between steps what
   * `throwIfStopped` throws.
   */
  async compute(
    tokenIds: readonly number[],
    contextLength: number,
    throwIfStopped: () => void,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { vocabSize } = this.parts.model.config;
    const capacity = Math.min(MOST_ROWS, contextLength);
    this.#program ??= await compileForward(this.parts, capacity, 'all', this.features?.rows);
    const logits = roomFor(tokenIds.length, vocabSize);
    for (let position = 0; position < tokenIds.length; position += capacity) {
      throwIfStopped();
      const rows = tokenIds.slice(position, position + capacity);
      const step = { tokenIds: this.features?.deviceIds(rows) ?? rows, position };
      logits.set(await runForLogits(this.#program, step, rows.length, vocabSize), position * vocabSize);
    }
    return logits;
  }
}

/** Throws OutOfMemoryError, also where one array cannot be that long. */
function roomFor(positions: number, vocabSize: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(positions * vocabSize);
  } catch (error) {
    const message = `there is no room for the logits of ${positions} tokens (${positions * vocabSize * 4} bytes)`;
    throw engineError('OutOfMemoryError', message, error);
  }
}
