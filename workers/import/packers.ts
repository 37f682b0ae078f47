import * as Comlink from 'comlink';
import { engineError } from '../errors';
import type { RowsToPack } from './packRows';
import { packRows } from './packRows';

/** Packs rows into whole tiles. Rejects with a RangeError, by name, for weights that are no numbers. */
export type PackRows = (rows: RowsToPack) => Promise<Uint8Array<ArrayBuffer>>;

/** What pack.worker.ts exposes. */
export interface PackerApi {
  /** `rows.rows` is handed over and cannot be used any more. */
  pack(rows: RowsToPack): Uint8Array<ArrayBuffer>;
}

/** Beyond this many, packing is faster than any network. */
const MOST_WORKERS = 4;
/** Starting workers takes longer than packing less than this. */
const WORTHWHILE_BYTES = 64 << 20;

/** Packs on the calling thread. */
export const packHere: PackRows = async (rows) => packRows(rows);

interface Packer {
  worker: Worker;
  api: Comlink.Remote<PackerApi>;
}

/**
 * Workers that pack, so that the thread that reads and stores stays free to do so; of none, that thread packs itself. The
 * result is the same in any case.
 */
export class Packers {
  readonly #packers: Packer[];
  #idle: Packer[];
  #waiting: ((packer: Packer) => void)[] = [];
  readonly #crash: Promise<never>;

  constructor(count: number) {
    let crashed: (error: Error) => void = () => undefined;
    this.#crash = new Promise<never>((_, reject) => (crashed = reject));
    // Every `pack` reports it; where there is none under way, nobody asks.
    this.#crash.catch(() => undefined);
    this.#packers = Array.from({ length: count }, () => startPacker(crashed));
    this.#idle = [...this.#packers];
  }

  /** See PackRows; the bytes of `rows` are handed over. */
  readonly pack: PackRows = async (rows) => {
    if (this.#packers.length === 0) return packHere(rows);
    const packer = this.#idle.pop() ?? (await Promise.race([this.#nextIdle(), this.#crash]));
    try {
      // Comlink leaves calls to a worker that has crashed pending for ever.
      return await Promise.race([packer.api.pack(Comlink.transfer(rows, [rows.rows.buffer])), this.#crash]);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(packer);
      else this.#idle.push(packer);
    }
  };

  /** Ends the workers. */
  close(): void {
    for (const { worker } of this.#packers) worker.terminate();
  }

  #nextIdle(): Promise<Packer> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/**
 * How many workers pack `sourceBytes` of weights best: one for each core but that of the thread that reads; none where it
 * is not worth starting them, or there are no workers within workers.
 */
export function packerCount(sourceBytes: number): number {
  if (sourceBytes < WORTHWHILE_BYTES || typeof Worker === 'undefined') return 0;
  return Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1));
}

function startPacker(crashed: (error: Error) => void): Packer {
  const worker = new Worker(new URL('../pack.worker.ts', import.meta.url), { type: 'module', name: 'pack' });
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    // A script that could not be fetched gives a plain event, one that throws an ErrorEvent.
    crashed(
      event instanceof ErrorEvent
        ? engineError('OutOfMemoryError', `a worker that packs weights has crashed: ${event.message}`)
        : engineError('NetworkError', 'a part of this page could not be fetched'),
    );
  });
  return { worker, api: Comlink.wrap<PackerApi>(worker) };
}
