/** Turns pushed values into an async iterator. Leaving the loop early calls `onReturn`; what is pushed then is dropped. */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
  readonly #values: T[] = [];
  #ended = false;
  #failure: { error: unknown } | null = null;
  #waiting: (() => void)[] = [];

  constructor(private readonly onReturn: () => void) {}

  push(value: T) {
    if (this.#ended) return;
    this.#values.push(value);
    this.#wakeAll();
  }

  end() {
    this.#ended = true;
    this.#wakeAll();
  }

  /** Ends the iteration with a rejection, after the values pushed so far. */
  fail(error: unknown) {
    if (!this.#ended) this.#failure = { error };
    this.end();
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#values.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#values.length > 0) return { done: false, value: this.#values.shift()! };
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T>> {
    if (!this.#ended) this.onReturn();
    this.#values.length = 0;
    this.#failure = null;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #wakeAll() {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
