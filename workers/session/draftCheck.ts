import type { Program, Step } from '../ops/backend';
import { MAX_FUSED_ROWS } from '../ops/fuse';
import type { TokenLoop } from '../ops/tokenLoop';
import { compileForward, type ForwardParts } from './forwardProgram';

/**
 * Computes a draft of an answer in one step, with the greedy choice behind each of its tokens. Its rows are those of one
 * token each to the last bit.
 */
export class DraftCheck {
  /** Most tokens of a draft: with the one before them they fill a step. */
  readonly mostDrafted: number;
  #program: Program | null = null;
  #preparing: Promise<void> | null = null;

  constructor(
    private readonly parts: ForwardParts,
    private readonly loop: TokenLoop,
    contextLength: number,
  ) {
    this.mostDrafted = Math.min(MAX_FUSED_ROWS, contextLength) - 1;
  }

  /** Whether `run` can be called. */
  get isReady(): boolean {
    return this.#program !== null;
  }

  /**
   * Makes `run` ready: a program that many answers never need, and that compiles while one goes on. Never throws: where it
   * fails, answers go on without.
   */
  prepare(): Promise<void> {
    this.#preparing ??= this.#compile().catch(() => undefined);
    return this.#preparing;
  }

  /** The greedy choice behind each token of a step. Nothing may be in flight; `prepare` came before. */
  run(step: Step): Promise<number[]> {
    return this.loop.check(this.#program!, step);
  }

  async #compile(): Promise<void> {
    const program = await compileForward(this.parts, this.mostDrafted + 1, 'all');
    try {
      await this.loop.prepareCheck(program);
    } catch (error) {
      program.destroy();
      throw error;
    }
    this.#program = program;
  }
}
