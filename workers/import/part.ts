import { release } from '../storage/release';

/** A run of bytes of a file that is being fetched. */
export class Part {
  readonly from: number;
  readonly to: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #failure: { error: unknown } | null = null;
  #waiting: (() => void)[] = [];

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
    this.#bytes = new Uint8Array(to - from);
  }

  /** The byte of the file that has to come next. */
  get position(): number {
    return this.from + this.#filled;
  }

  get isFull(): boolean {
    return this.position === this.to;
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  covers(offset: number): boolean {
    return this.from <= offset && offset < this.to;
  }

  append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#filled);
    this.#filled += bytes.length;
    this.#wake();
  }

  /** Nothing more will come: whoever waits for it gets `error`. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  /** The bytes from `offset` on, at most `limit`, and at least one. */
  async read(offset: number, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.position <= offset) {
      if (this.#failure) throw this.#failure.error;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.present(offset, offset + limit);
  }

  /** Those of the bytes in front of `to` that have come, from `from` on. */
  present(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from - this.from, Math.min(to - this.from, this.#filled));
  }

  /** Gives its memory back: nobody reads it any more. */
  release(): void {
    release(this.#bytes);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
