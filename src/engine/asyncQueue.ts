/** Turns pushed values into an async iterator. Leaving the loop early calls `onReturn`. */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  readonly #values: T[] = [];
  #ended = false;
  #error: unknown = null;
  #wake: (() => void) | null = null;

  constructor(private readonly onReturn: () => void) {}

  push(value: T) {
    this.#values.push(value);
    this.#wake?.();
  }

  end() {
    this.#ended = true;
    this.#wake?.();
  }

  /** Ends the iteration with a rejection, after the values pushed so far. */
  fail(error: unknown) {
    this.#error = error;
    this.end();
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#values.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#values.length > 0) return { done: false, value: this.#values.shift()! };
    if (this.#error !== null) {
      const error = this.#error;
      this.#error = null;
      throw error;
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.#ended) this.onReturn();
    this.#values.length = 0;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
