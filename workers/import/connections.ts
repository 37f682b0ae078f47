/** How long a number of connections is tried before it is judged. */
const PERIOD_SECONDS = 1;
/** One more connection has to make the transfer so much faster to be kept. */
const WORTHWHILE = 1.05;
/** Periods between two attempts to go faster. */
const REST_PERIODS = 10;
const FIRST_COUNT = 2;

/**
 * How many requests are made at once: one more for as long as that makes the transfer faster, half as many after a
 * failure.
 */
export class Connections {
  readonly #most: number;
  #count: number;
  #rest = 0;
  /** Bytes per second before a connection was added; null while none is on trial. */
  #rateBefore: number | null = null;
  #bytes = 0;
  #periodStart: number | null = null;

  constructor(most: number) {
    this.#most = most;
    this.#count = Math.min(FIRST_COUNT, most);
  }

  get count(): number {
    return this.#count;
  }

  /** Something has arrived. */
  received(bytes: number): void {
    const now = performance.now() / 1000;
    this.#periodStart ??= now;
    this.#bytes += bytes;
    const seconds = now - this.#periodStart;
    if (seconds < PERIOD_SECONDS) return;
    this.#judge(this.#bytes / seconds);
    this.#periodStart = now;
    this.#bytes = 0;
  }

  /** A request has failed, or was refused as one too many. */
  failed(): void {
    this.#count = Math.max(1, this.#count >> 1);
    this.#rateBefore = null;
    this.#rest = REST_PERIODS;
  }

  #judge(rate: number): void {
    if (this.#rateBefore !== null && rate < WORTHWHILE * this.#rateBefore) {
      this.#count--;
      this.#rest = REST_PERIODS;
    }
    this.#rateBefore = null;
    if (this.#rest > 0) {
      this.#rest--;
    } else if (this.#count < this.#most) {
      this.#count++;
      this.#rateBefore = rate;
    }
  }
}
