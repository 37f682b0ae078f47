/** The device is not kept from others for longer, and a stop is heard as soon. */
const TARGET_MS = 100;
/** About a layer of a vision tower. */
const FIRST = 20;

/** How many operations of a program to submit at a time: many on a fast device, few on a slow one. */
export class SubmissionPace {
  #operations = FIRST;

  get operations(): number {
    return this.#operations;
  }

  /** Notes that a submission of so many operations took `ms` milliseconds. */
  took(ms: number, operations: number): void {
    const fitting = Math.floor((TARGET_MS / Math.max(ms, 0.1)) * operations);
    // Operations differ: by steps, so that one short submission is not followed by one that is far too long.
    this.#operations = Math.max(1, Math.min(fitting, 2 * this.#operations));
  }
}
