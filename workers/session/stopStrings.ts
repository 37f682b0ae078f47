export interface StopMatcher {
  /**
   * Takes the next text. `emit` is what may be shown now: nothing that a stop string may yet begin with. When a stop
   * string is complete, `stopped` is true, `emit` ends before it, and everything after it is dropped.
   */
  push(text: string): { emit: string; stopped: boolean };
  /** True while text is held back. */
  readonly isHolding: boolean;
  /** The text held back, once none follows. Empty after a stop. */
  end(): string;
}

/**
 * Watches a growing text for the first of `stops` to be complete; how the text is cut into pushes makes no difference.
 * Empty stop strings are ignored.
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  return new Matcher(stops.filter((stop) => stop !== ''));
}

class Matcher implements StopMatcher {
  readonly #stops: string[];
  #held = '';
  #stopped = false;

  constructor(stops: string[]) {
    this.#stops = stops;
  }

  get isHolding(): boolean {
    return this.#held !== '';
  }

  push(text: string): { emit: string; stopped: boolean } {
    if (this.#stopped) return { emit: '', stopped: true };
    const all = this.#held + text;
    const stopStart = this.#stopStart(all);
    this.#stopped = stopStart !== null;
    const emitted = stopStart ?? all.length - this.#beginningLength(all);
    this.#held = this.#stopped ? '' : all.slice(emitted);
    return { emit: all.slice(0, emitted), stopped: this.#stopped };
  }

  end(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  /** Where the stop string begins that is complete first, the longer one of two that end together; null if none is. */
  #stopStart(text: string): number | null {
    let first: { start: number; end: number } | null = null;
    for (const stop of this.#stops) {
      const start = text.indexOf(stop);
      const end = start + stop.length;
      if (start >= 0 && (!first || end < first.end || (end === first.end && start < first.start)))
        first = { start, end };
    }
    return first?.start ?? null;
  }

  /** The length of the longest end of `text` with which a stop string begins. */
  #beginningLength(text: string): number {
    const longest = Math.max(0, ...this.#stops.map((stop) => stop.length - 1));
    for (let length = Math.min(longest, text.length); length > 0; length--) {
      const end = text.slice(-length);
      if (this.#stops.some((stop) => stop.startsWith(end))) return length;
    }
    return 0;
  }
}
