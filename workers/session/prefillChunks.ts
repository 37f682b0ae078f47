import { SUBMISSION_MS, SubmissionPace } from './submissionPace';

/** Rows of a chunk: fewer leave part of each workgroup of a product idle, more gain nothing. */
const SIZES = [64, 128, 256, 512] as const;
const LEAST = SIZES[0];
/** Activations of one step. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * How many rows of a prompt to compute per step, as many as one submission computes in its time, and how many operations per
 * submission: on a device that takes longer for the smallest step, it takes several.
 */
export class PrefillChunks {
  readonly #sizes: readonly number[];
  #rows: number;
  /**
   * Of steps of up to 1, 2, 4, … LEAST rows. What an operation takes may grow with the rows or be the same for all of them:
   * within one of these it is twice as much at most.
   */
  readonly #paces = Array.from({ length: paceOf(LEAST) + 1 }, () => new SubmissionPace());

  /** `capacity` is the number of rows that the program has room for. */
  constructor(capacity: number) {
    this.#sizes = [...SIZES.filter((size) => size < capacity), Math.min(capacity, SIZES.at(-1)!)];
    this.#rows = this.#sizes[0]!;
  }

  /** Rows of the next chunk. */
  get rows(): number {
    return this.#rows;
  }

  /** Whether the next chunk would be larger on a faster device. */
  get isSmallest(): boolean {
    return this.#sizes.length > 1 && this.#rows === this.#sizes[0]!;
  }

  /** Most operations of the next submission of a step of `rows` rows. */
  operations(rows: number): number {
    // There are more rows than that only where all operations fit into one submission.
    if (rows > this.#sizes[0]!) return Infinity;
    return this.#paces[paceOf(rows)]!.operations;
  }

  /** Notes that a submission of so many operations on `rows` rows took `ms` milliseconds. */
  submissionTook(ms: number, operations: number, rows: number): void {
    const counted = Math.floor(operations * Math.max(1, rows / LEAST));
    for (const [i, pace] of this.#paces.entries()) {
      // Fewer rows take no longer. Where these took too long, more would as well, and fewer might.
      if (i <= paceOf(rows) || ms > SUBMISSION_MS) pace.took(ms, counted);
    }
  }

  /** Notes that the submissions of a chunk of `rows` rows took `ms` milliseconds together. */
  took(ms: number, rows: number): void {
    // Fewer may take as long as the smallest chunk: only where that is too long do they tell something about larger ones.
    if (rows < LEAST && ms <= SUBMISSION_MS) return;
    // A row of a larger chunk takes less time, never more, so that this prediction is on the safe side.
    const allowed = (SUBMISSION_MS / ms) * rows;
    this.#rows = this.#sizes.findLast((size) => size <= allowed) ?? this.#sizes[0]!;
  }
}

/** Which pace steps of so many rows have; larger chunks share that of the smallest. */
function paceOf(rows: number): number {
  return Math.ceil(Math.log2(Math.min(rows, LEAST)));
}

/** Rows that a prefill program has room for, where each takes `bytesPerRow` of activations. */
export function prefillCapacity(bytesPerRow: number, contextLength: number): number {
  const fitting = SIZES.findLast((size) => size * bytesPerRow <= MOST_BYTES) ?? LEAST;
  return Math.min(fitting, contextLength);
}
