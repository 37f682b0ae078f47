import type { StreamDecoder, Tokenizer } from '../tokenizer/tokenizer';
import { createStopMatcher } from './stopStrings';

/** Token ids → text that is safe to show: no half characters, nothing of a stop string. */
export class TextStream {
  readonly #decoder: StreamDecoder | null;
  readonly #matcher;

  /** Without a tokenizer the text is always empty; `isInsideText` where it goes on with one that is there. */
  constructor(tokenizer: Tokenizer | null, stopStrings: string[], isInsideText: boolean) {
    this.#decoder = tokenizer?.streamDecoder({ skipSpecialTokens: true, isInsideText }) ?? null;
    this.#matcher = createStopMatcher(stopStrings);
  }

  /** `isHolding` tells that text of this token may still come out later. */
  push(tokenId: number): { emitted: string; stopped: boolean; isHolding: boolean } {
    if (!this.#decoder) return { emitted: '', stopped: false, isHolding: false };
    const { emit, stopped } = this.#matcher.push(this.#decoder.push(tokenId));
    return { emitted: emit, stopped, isHolding: !stopped && (this.#decoder.isHolding || this.#matcher.isHolding) };
  }

  /** Text still held back, once no token follows. */
  end(): string {
    if (!this.#decoder) return '';
    const { emit, stopped } = this.#matcher.push(this.#decoder.end());
    return stopped ? emit : emit + this.#matcher.end();
  }
}
