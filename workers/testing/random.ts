/** Reproducible test numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform integer in [0, end). */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Uniform in [−magnitude, magnitude). */
  floats(length: number, magnitude = 1): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length }, () => magnitude * (2 * this.next() - 1));
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Rows of `columns` random floats, each followed by zeros up to `width`. */
  rows(rows: number, columns: number, width: number, magnitude = 1): Float32Array<ArrayBuffer> {
    const result = new Float32Array(rows * width);
    for (let m = 0; m < rows; m++) result.set(this.floats(columns, magnitude), m * width);
    return result;
  }
}
