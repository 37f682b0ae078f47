import type { Progress } from '../../workers/protocol/progress';
import { recall, remember } from '../app/remembered';

/** How fast models arrive, and how that is known. */
export interface TransferSpeed {
  bytesPerSecond: number;
  /** 'measured' on the last download to this device; 'told' by the browser, which rounds, and tells of 10 Mbit/s at most. */
  basis: 'measured' | 'told';
}

/** Shorter transfers say little about longer ones. */
const LEAST_SECONDS = 3;
const LEAST_BYTES = 2e6;

/** The speed of one download from the progress that is reported of it. What an earlier visit has fetched does not count. */
export class SpeedMeter {
  #first: { bytes: number; seconds: number } | null = null;
  #last: { bytes: number; seconds: number } | null = null;

  observe(progress: Progress | null, seconds: number): void {
    if (progress?.phase !== 'importing' || progress.loadedBytes === this.#last?.bytes) return;
    this.#last = { bytes: progress.loadedBytes, seconds };
    this.#first ??= this.#last;
  }

  /** Null before there is enough to tell. */
  get bytesPerSecond(): number | null {
    if (!this.#first || !this.#last) return null;
    const bytes = this.#last.bytes - this.#first.bytes;
    const seconds = this.#last.seconds - this.#first.seconds;
    return bytes >= LEAST_BYTES && seconds >= LEAST_SECONDS ? bytes / seconds : null;
  }
}

export function rememberSpeed(bytesPerSecond: number): void {
  remember('downloadSpeed', String(Math.round(bytesPerSecond)));
}

/** What is known of the speed of the network; null for nothing. */
export function knownSpeed(): TransferSpeed | null {
  const measured = Number(recall('downloadSpeed'));
  if (measured > 0) return { bytesPerSecond: measured, basis: 'measured' };
  const { connection } = navigator as Navigator & { connection?: { downlink?: number } };
  const megabits = connection?.downlink ?? 0;
  return megabits > 0 ? { bytesPerSecond: (megabits * 1e6) / 8, basis: 'told' } : null;
}
