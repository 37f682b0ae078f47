/** Work submitted ahead ends this soon after a stop. */
const STOP_MS = 100;
/** Arrivals that the time per token is taken from. */
const WINDOW = 8;
/** One being computed and one waiting: the device never waits for the host. */
const LEAST = 2;
/** Clocks are coarse. */
const SHORTEST_MS = 0.1;

/** How many tokens to keep in flight: enough that the device never waits, few enough that a stop is felt at once. */
export class Pace {
  readonly #most: number;
  readonly #arrivals: number[] = [];
  #tokenMs = Infinity;

  /** `most` is what the token loop allows. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Notes that a token arrived at `time`, in milliseconds. */
  arrived(time: number): void {
    this.#arrivals.push(time);
    if (this.#arrivals.length > WINDOW) this.#arrivals.shift();
    const intervals = this.#arrivals.length - 1;
    if (intervals > 0) this.#tokenMs = Math.max((time - this.#arrivals[0]!) / intervals, SHORTEST_MS);
  }

  /** Has the time until the next arrival not count. */
  pause(): void {
    this.#arrivals.length = 0;
  }

  /** Milliseconds per token of late; Infinity before two have arrived. */
  get tokenMs(): number {
    return this.#tokenMs;
  }

  /** Tokens to keep in flight. */
  get depth(): number {
    return Math.min(Math.max(Math.ceil(STOP_MS / this.#tokenMs), LEAST), this.#most);
  }
}
