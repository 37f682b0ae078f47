/** Tokens that must match before a continuation is taken for a draft. */
const NGRAM = 3;
/** Tokens to wait after a draft that did not pay; doubled each time. */
const FIRST_PAUSE = 8;
const LONGEST_PAUSE = 512;

/**
 * Prompt-lookup decoding (Saxena 2023): what followed the last few tokens when they stood in the text before, or in what the
 * caller predicts, is a draft that costs nothing, and a model checks a draft for little more than the price of one token.
 * Where drafts keep failing, they are tried ever less often.
 */
export class PromptLookup {
  readonly #tokens: number[];
  /** Where each n-gram last ended, by its tokens; those that end at the last token are not in it yet. */
  readonly #ends = new Map<string, number>();
  #pause = 0;
  #nextPause = FIRST_PAUSE;

  /** `predictedTokens` may follow the prompt; where the prompt itself has a draft, that one counts. */
  constructor(promptTokens: readonly number[], predictedTokens: readonly number[] = []) {
    this.#tokens = [];
    const predicted = predictedTokens.length > 0 ? [...promptTokens.slice(-NGRAM), ...predictedTokens] : [];
    for (const token of [...predicted, ...promptTokens]) this.push(token);
  }

  /** Adds a token of the answer. */
  push(token: number): void {
    const { length } = this.#tokens;
    if (length >= NGRAM) this.#ends.set(this.#key(length), length);
    this.#tokens.push(token);
    if (this.#pause > 0) this.#pause--;
  }

  /** What may follow, `most` tokens; empty where nothing suggests itself or drafts have not paid of late. */
  draft(most: number): number[] {
    if (this.#pause > 0 || this.#tokens.length < NGRAM) return [];
    const end = this.#ends.get(this.#key(this.#tokens.length));
    if (end === undefined) return [];
    // A text that repeats itself to its end goes on doing so.
    const period = this.#tokens.length - end;
    return Array.from({ length: most }, (_, i) => this.#tokens[end + (i % period)]!);
  }

  /** Learns how many tokens a check gave, its time and that of a token without, in milliseconds. */
  checked(tokens: number, checkMs: number, tokenMs: number): void {
    // One token is what decoding gives, in less time; of what that takes nothing may be known yet.
    if (tokens > 1 && tokens * tokenMs > checkMs) {
      this.#nextPause = FIRST_PAUSE;
      return;
    }
    this.#pause = this.#nextPause;
    this.#nextPause = Math.min(2 * this.#nextPause, LONGEST_PAUSE);
  }

  /** The n-gram that ends before index `end`. */
  #key(end: number): string {
    return this.#tokens.slice(end - NGRAM, end).join();
  }
}
