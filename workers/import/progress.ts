import type { Progress } from '../protocol/progress';

const MIN_INTERVAL_SECONDS = 0.1;
/** Weight of the past in the smoothed rate, per second. */
const MEMORY_PER_SECOND = 0.9;

/** Reports the bytes that an import has worked through, about ten times a second, with an estimate of what is left. */
export class ImportProgress {
  readonly #report: (progress: Progress) => void;
  readonly #totalBytes: number;
  #loadedBytes: number;
  #reportedBytes: number;
  #reportedAt = performance.now();
  #bytesPerSecond = 0;

  /** `doneBytes` of `totalBytes` were finished before. */
  constructor(doneBytes: number, totalBytes: number, report: (progress: Progress) => void) {
    this.#report = report;
    this.#totalBytes = totalBytes;
    this.#loadedBytes = doneBytes;
    this.#reportedBytes = doneBytes;
    report({ phase: 'importing', loadedBytes: doneBytes, totalBytes });
  }

  /** `bytes` more of the source are done. */
  add(bytes: number): void {
    this.#loadedBytes += bytes;
    const seconds = (performance.now() - this.#reportedAt) / 1000;
    const isLast = this.#loadedBytes === this.#totalBytes;
    if (seconds < MIN_INTERVAL_SECONDS && !isLast) return;
    this.#measure(seconds);
    const etaSeconds = (this.#totalBytes - this.#loadedBytes) / this.#bytesPerSecond;
    this.#report({
      phase: 'importing',
      loadedBytes: this.#loadedBytes,
      totalBytes: this.#totalBytes,
      ...(Number.isFinite(etaSeconds) && { etaSeconds }),
    });
  }

  #measure(seconds: number): void {
    const current = (this.#loadedBytes - this.#reportedBytes) / seconds;
    const memory = this.#bytesPerSecond === 0 ? 0 : MEMORY_PER_SECOND ** seconds;
    this.#bytesPerSecond = memory * this.#bytesPerSecond + (1 - memory) * current;
    this.#reportedBytes = this.#loadedBytes;
    this.#reportedAt = performance.now();
  }
}
