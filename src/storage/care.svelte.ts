import type { RepairOptions, VerifyOptions } from '../engine/api';
import { failureOf, type Failure } from '../engine/failure';
import type { Progress } from '../../workers/protocol/progress';

export type CareState = 'idle' | 'verifying' | 'whole' | 'damaged' | 'repairing' | 'repaired';

/** The part of the engine that looks after stored models. */
export interface CaringEngine {
  verify(id: string, options: VerifyOptions): Promise<{ ok: boolean; badChunks: string[] }>;
  repair(id: string, options: RepairOptions): Promise<string[]>;
}

/** Checks one stored model, and repairs it. */
export class Care {
  state = $state<CareState>('idle');
  /** How many of its parts are damaged, as the last check has found. */
  damagedParts = $state(0);
  /** How far the work is, 0 to 1. */
  share = $state(0);
  failure = $state.raw<Failure | null>(null);
  readonly isBusy = $derived(this.state === 'verifying' || this.state === 'repairing');

  readonly #engine: CaringEngine;
  readonly #id: string;
  #abort: AbortController | null = null;

  constructor(engine: CaringEngine, id: string) {
    this.#engine = engine;
    this.#id = id;
  }

  /** Compares everything that is stored with its hashes. */
  verify(): Promise<void> {
    return this.#do('verifying', async (options) => {
      const { badChunks } = await this.#engine.verify(this.#id, options);
      this.damagedParts = badChunks.length;
      return badChunks.length === 0 ? 'whole' : 'damaged';
    });
  }

  /** Fetches what is damaged again; local files have to be given. */
  repair(files?: File[]): Promise<void> {
    return this.#do('repairing', async (options) => {
      await this.#engine.repair(this.#id, { ...options, ...(files && { source: { kind: 'files', files } }) });
      this.damagedParts = 0;
      return 'repaired';
    });
  }

  /** What is repaired by then stays so. */
  stop(): void {
    this.#abort?.abort();
  }

  async #do(work: 'verifying' | 'repairing', run: (options: VerifyOptions) => Promise<CareState>): Promise<void> {
    if (this.isBusy) return;
    const before = this.state;
    const abort = new AbortController();
    this.#abort = abort;
    this.failure = null;
    this.share = 0;
    this.state = work;
    const onProgress = ({ loadedBytes, totalBytes }: Progress) => {
      this.share = totalBytes > 0 ? loadedBytes / totalBytes : 0;
    };
    try {
      this.state = await run({ signal: abort.signal, onProgress });
    } catch (error) {
      this.state = before;
      if (!abort.signal.aborted) this.failure = failureOf(error);
    }
  }
}
