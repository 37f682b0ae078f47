/** Rows of a submission: fewer read the weights for too little, more gain nothing. */
const SIZES = [32, 64, 128, 256, 512] as const;
/** A desktop that shares the device is not frozen for longer, and a stop is heard as soon. */
const TARGET_MS = 150;
/** Activations of one step. */
const MOST_BYTES = 64 * 1024 * 1024;

/** How many rows of a prompt to compute per submission: many on a fast device, few on a slow one. */
export class PrefillChunks {
  readonly #sizes: readonly number[];
  #rows: number;

  /** `capacity` is the number of rows that the program has room for. */
  constructor(capacity: number) {
    this.#sizes = [...SIZES.filter((size) => size < capacity), Math.min(capacity, SIZES.at(-1)!)];
    this.#rows = this.#sizes[0]!;
  }

  /** Rows of the next chunk. */
  get rows(): number {
    return this.#rows;
  }

  /** Notes that a chunk of `rows` rows took `ms` milliseconds, with nothing else under way. */
  took(ms: number, rows: number): void {
    // A row of a larger chunk takes less time, never more, so that this prediction is on the safe side.
    const allowed = (TARGET_MS / ms) * rows;
    this.#rows = this.#sizes.findLast((size) => size <= allowed) ?? this.#sizes[0]!;
  }
}

/** Rows that a prefill program has room for, where each takes `bytesPerRow` of activations. */
export function prefillCapacity(bytesPerRow: number, contextLength: number): number {
  const fitting = SIZES.findLast((size) => size * bytesPerRow <= MOST_BYTES) ?? SIZES[0];
  return Math.min(fitting, contextLength);
}
