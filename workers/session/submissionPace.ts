/** The device is not kept from others for longer by one submission, and a stop is heard as soon. */
export const SUBMISSION_MS = 100;
/** More than a decoder layer, about one of a vision tower. */
const FIRST_OPERATIONS = 20;

/** How many operations of a program to submit at a time: many on a fast device, few on a slow one. */
export class SubmissionPace {
  #operations = FIRST_OPERATIONS;

  get operations(): number {
    return this.#operations;
  }

  /** Notes that a submission of so many operations took `ms` milliseconds. */
  took(ms: number, operations: number): void {
    const fitting = Math.floor((SUBMISSION_MS / Math.max(ms, 0.1)) * operations);
    if (ms > SUBMISSION_MS) {
      this.#operations = Math.max(1, Math.min(fitting, this.#operations));
    } else {
      // Operations differ: by steps, so that one short submission is not followed by one that is far too long.
      this.#operations = Math.max(this.#operations, Math.min(fitting, 2 * operations));
    }
  }
}
