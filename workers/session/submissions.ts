import type { Backend } from '../ops/backend';

/** One that is computed and one that waits: the device does not idle while the host prepares the next. */
const MOST_UNDER_WAY = 2;

/** Hears what the device took, in milliseconds, as soon as that is known. */
export interface Timing {
  /** For a submission of so many operations. */
  part(ms: number, operations: number): void;
  /** For all parts of a step together. */
  step?(ms: number): void;
}

/** Submissions to a backend, one after the other, each of which is timed. */
export class Submissions {
  readonly #most: number;
  readonly #underWay: Promise<void>[] = [];
  /** When the last one was done, by performance.now(). */
  #done = 0;

  constructor(private readonly backend: Backend) {
    // Plain TypeScript has computed a submission before it returns.
    this.#most = backend.kind === 'cpu' ? 1 : MOST_UNDER_WAY;
  }

  /**
   * Submits the parts of a step, told how many operations each of them has. Resolves to what `parts` returns, which may be
   * before the device is done; where that is a promise, to what it resolves to. Behind each part, the last one too,
   * `throwIfStopped` is called; what it throws, or a failure of the device, ends `parts` where they stand. Throws what
   * Backend.flush rejects with, or that promise.
   */
  async run<T>(parts: Iterator<number, T>, timing: Timing, throwIfStopped: () => void): Promise<T> {
    let stepMs = 0;
    try {
      for (;;) {
        const started = performance.now();
        const { done, value } = parts.next();
        if (done) {
          this.#behindLast(() => timing.step?.(stepMs));
          return value;
        }
        this.#time(started, (ms) => {
          stepMs += ms;
          timing.part(ms, value);
        });
        while (this.#underWay.length >= this.#most) await this.#underWay.shift();
        throwIfStopped();
      }
    } finally {
      parts.return?.();
    }
  }

  /** Waits until nothing is under way. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#underWay.length = 0;
  }

  #time(started: number, took: (ms: number) => void): void {
    const done = this.backend.flush().then(() => {
      const now = performance.now();
      took(now - Math.max(started, this.#done));
      this.#done = now;
    });
    this.#watch(done);
  }

  #behindLast(then: () => void): void {
    const last = this.#underWay.pop();
    if (last) this.#watch(last.then(then));
    else then();
  }

  #watch(done: Promise<void>): void {
    // Whoever waits hears of a failure; of the last one, nobody may.
    done.catch(() => undefined);
    this.#underWay.push(done);
  }
}
