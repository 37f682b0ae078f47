import { commonPrefixLength } from './prefix';
import type { StateSnapshots } from './stateSnapshots';

/** Tokens of an answer that go by from one copy of recurrent states to the next. */
const SNAPSHOT_TOKENS = 64;

/** Tokens at the end of a prompt that the next prompt may not begin with: what a template puts in front of an answer. */
const CLOSING_TOKENS = 16;

/**
 * Which tokens the layers of a model remember, and what of them a next prompt can go on from. Keys and values are cut back to
 * any length; recurrent states, of a model that has them, only to where a copy was taken. States change when a step is
 * submitted; its tokens count as remembered once it is computed, or the answer takes them.
 */
export class CachedTokens {
  #tokenIds: number[] = [];

  constructor(private readonly states: StateSnapshots | null) {}

  /** So many tokens: the position of the next one. */
  get length(): number {
    return this.#tokenIds.length;
  }

  clear(): void {
    this.assume([]);
  }

  /** Takes what lies in the cache, whatever it is, for what these tokens have left there. */
  assume(tokenIds: readonly number[]): void {
    this.#tokenIds = [...tokenIds];
    this.states?.rewind(0);
    this.states?.advance(tokenIds.length);
  }

  /** Forgets what a prompt does not begin with, and its last token, whose logits are wanted. Returns how many tokens stay. */
  keepPrefixOf(promptIds: readonly number[]): number {
    const common = Math.min(commonPrefixLength(this.#tokenIds, promptIds), promptIds.length - 1);
    this.#tokenIds.length = this.states?.rewind(common) ?? common;
    return this.length;
  }

  /** The most rows of a prompt's next step, where `remaining` are left: a copy of states is due before what closes it. */
  mostRows(remaining: number): number {
    return this.states && remaining > CLOSING_TOKENS ? remaining - CLOSING_TOKENS : Infinity;
  }

  /** Notes that a step of a prompt is submitted, part by part: where that is not finished, states are those of no prefix. */
  promptBegun(rows: number): void {
    this.states?.advance(rows);
  }

  /** Notes that it was submitted as a whole; behind it `remaining` tokens of the prompt are left. */
  promptSubmitted(remaining: number): void {
    this.states?.take(remaining === CLOSING_TOKENS);
  }

  /** Notes a step of an answer that was submitted. */
  answerSubmitted(rows: number): void {
    if (!this.states) return;
    this.states.advance(rows);
    if (this.states.position % SNAPSHOT_TOKENS === 0) this.states.take();
  }

  /** Adds tokens that are remembered now. */
  push(...tokenIds: number[]): void {
    this.#tokenIds.push(...tokenIds);
  }
}
