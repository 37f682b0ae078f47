/** An end of the time that work may take. */
export class Deadline {
  readonly #end: number;
  /** Timers may come a little early: what was given up then is over for whoever asks. */
  #isOver = false;

  /** `milliseconds` from this moment on. */
  constructor(milliseconds: number) {
    this.#end = performance.now() + milliseconds;
  }

  get isOver(): boolean {
    return this.#isOver || performance.now() >= this.#end;
  }

  /** What `work` resolves to, or `late` once the time is over: the work goes on then, and its failure is nobody's. */
  async wait<T, Late>(work: Promise<T>, late: Late): Promise<T | Late> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<Late>((resolve) => {
      const giveUp = () => {
        this.#isOver = true;
        resolve(late);
      };
      // Timers leave out fractions.
      timer = setTimeout(giveUp, Math.ceil(this.#end - performance.now()));
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
    }
  }
}
