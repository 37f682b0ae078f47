import { hasErrorName } from '../../workers/errors';
import type { UnfinishedImport } from '../../workers/protocol/importing';
import type { ModelInfo } from '../../workers/protocol/model';
import type { Progress } from '../../workers/protocol/progress';
import type { ModelSource } from '../../workers/protocol/source';
import type { FetchOptions, ImportOptions } from './api';
import { failureOf } from './failure';
import { isSameSource, sourceAnew } from './sourceAnew';
import { Transfer } from './transfer.svelte';
import { withTokens } from './withTokens';

/** The part of the engine that imports. */
export interface ImportingEngine {
  importModel(source: ModelSource, options: ImportOptions): Promise<ModelInfo>;
  resumeImport(id: string, options: FetchOptions): Promise<ModelInfo>;
  listImports(): Promise<UnfinishedImport[]>;
  discardImport(id: string): Promise<void>;
}

/** What transfers need of the rest of the page. */
export interface TransferHost {
  engine: () => Promise<ImportingEngine>;
  /** Takes in a model that has just been stored; rejects where it is of no use. */
  takeIn: (model: ModelInfo) => Promise<void>;
  /** Begins to open a model at once; null where something is in the way of a model that nobody `isAsked` for just now. */
  open: (model: ModelInfo, isAsked: boolean) => Promise<void> | null;
  /** The access token that was given for the hub at `url`: asked for at every attempt, since it may have come since. */
  tokenFor: (url: string) => string | undefined;
}

/**
 * All imports that are under way, wait, or were left unfinished. They run beside everything else: downloads one after
 * another, since two at once would share one line, and local files at once.
 */
export class Transfers {
  list = $state.raw<Transfer[]>([]);
  /** The import that the page shows in place of everything else. */
  centre = $state.raw<Transfer | null>(null);
  isOnline = $state(globalThis.navigator?.onLine ?? true);
  readonly isRunning = $derived(this.list.some(({ state }) => state === 'running'));

  readonly #host: TransferHost;
  readonly #stops = new WeakMap<Transfer, AbortController>();
  #waiting: { transfer: Transfer; resolve: () => void }[] = [];

  constructor(host: TransferHost) {
    this.#host = host;
  }

  /**
   * Imports a source, or goes on with an import of it; resolves when it has come to an end of any kind. What `takesCentre`
   * is what the person looks at meanwhile, and its model opens by itself.
   */
  start(source: ModelSource, takesCentre = false): Promise<void> {
    const known = this.list.find((transfer) => transfer.source !== null && isSameSource(transfer.source, source));
    const transfer = known ?? new Transfer();
    transfer.source = source;
    if (!known) this.list = [...this.list, transfer];
    return this.resume(transfer, takesCentre);
  }

  /** Goes on with what was paused, has failed, or is left from an earlier visit. */
  resume(transfer: Transfer, takesCentre = false): Promise<void> {
    if (transfer.state === 'done') return this.open(transfer);
    transfer.isAtHand = true;
    if (takesCentre) {
      this.centre = transfer;
      transfer.opensItself = true;
    }
    if (transfer.isActive) return Promise.resolve();
    transfer.failure = null;
    transfer.progress = null;
    transfer.state = 'queued';
    return new Promise((resolve) => {
      this.#waiting.push({ transfer, resolve });
      this.#startNext();
    });
  }

  /** Goes on with an import of local files, which have been chosen again. */
  resumeWith(files: File[], transfer: Transfer, takesCentre = false): Promise<void> {
    transfer.source = { kind: 'files', files };
    return this.resume(transfer, takesCentre);
  }

  /** Stops it; what is stored stays, and it goes on from there. */
  async pause(transfer: Transfer): Promise<void> {
    this.#stop(transfer);
    transfer.state = 'paused';
    await this.refresh();
  }

  /** Lets the person do something else meanwhile. */
  leaveCentre(): void {
    this.centre = null;
  }

  /** Takes it off the page. What is stored of it stays, and is listed with the unfinished imports. */
  async putAside(transfer: Transfer): Promise<void> {
    transfer.isAtHand = false;
    if (transfer.isActive || transfer.state === 'offline') await this.pause(transfer);
    if (!transfer.stored) this.#remove(transfer);
  }

  /** Stops it and deletes what is stored of it, or says why not; what another tab is importing is left alone. */
  async discard(transfer: Transfer): Promise<void> {
    const { id, isElsewhere } = transfer;
    this.#stop(transfer);
    this.#remove(transfer);
    if (isElsewhere || id === null) return;
    try {
      await (await this.#host.engine()).discardImport(id);
    } catch (error) {
      if (hasErrorName(error, 'ModelNotFoundError')) return;
      transfer.failure = failureOf(error);
      transfer.state = 'failed';
      this.list = [...this.list.filter((other) => other.id !== id), transfer];
    }
  }

  /** Opens the model of a finished import. */
  async open(transfer: Transfer): Promise<void> {
    const opening = transfer.model && this.#host.open(transfer.model, true);
    if (!opening) return;
    this.#remove(transfer);
    await opening;
  }

  /** Compares the list with what the database has; what earlier visits or other tabs have left is added. */
  async refresh(): Promise<void> {
    const unfinished = await (await this.#host.engine()).listImports();
    const left = unfinished.filter(({ id }) => !this.list.some((transfer) => transfer.id === id)).map(leftTransfer);
    for (const transfer of this.list) transfer.stored = unfinished.find(({ id }) => id === transfer.id) ?? null;
    const isGone = (transfer: Transfer) => transfer.state === 'paused' && !transfer.stored && !transfer.isAtHand;
    this.list = [...this.list.filter((transfer) => !isGone(transfer)), ...left];
  }

  networkIsGone(): void {
    this.isOnline = false;
  }

  /** Goes on with what the missing network has stopped. */
  networkIsBack(): void {
    this.isOnline = true;
    for (const transfer of this.list) if (transfer.state === 'offline') void this.resume(transfer);
  }

  #startNext(): void {
    for (const { transfer, resolve } of [...this.#waiting]) {
      const mustWait =
        transfer.isDownload && this.list.some(({ state, isDownload }) => state === 'running' && isDownload);
      if (mustWait) continue;
      this.#waiting = this.#waiting.filter((other) => other.transfer !== transfer);
      void this.#run(transfer).finally(resolve);
    }
  }

  async #run(transfer: Transfer): Promise<void> {
    const stop = new AbortController();
    this.#stops.set(transfer, stop);
    transfer.state = 'running';
    const { signal } = stop;
    try {
      const onProgress = (progress: Progress) => {
        if (!signal.aborted) this.#note(transfer, progress);
      };
      const model = await this.#import(transfer, { signal, onProgress });
      await this.#host.takeIn(model);
      transfer.model = model;
      transfer.state = 'done';
    } catch (error) {
      if (!signal.aborted) await this.#fail(transfer, error);
    }
    if (this.#stops.get(transfer) === stop) this.#stops.delete(transfer);
    this.#startNext();
    await this.#finish(transfer);
  }

  async #import(transfer: Transfer, options: FetchOptions): Promise<ModelInfo> {
    const engine = await this.#host.engine();
    options.signal?.throwIfAborted();
    const { tokenFor } = this.#host;
    if (transfer.source) return engine.importModel(withTokens(transfer.source, tokenFor), options);
    const { id, source } = transfer.stored!;
    return engine.resumeImport(id, { ...options, token: source.hub && tokenFor(source.hub.url) });
  }

  /** Where its id shows that an earlier visit has begun it, the two become one. */
  #note(transfer: Transfer, progress: Progress): void {
    const isFirst = progress.modelId !== undefined && transfer.progress?.modelId === undefined;
    transfer.progress = progress;
    if (!isFirst) return;
    const isSame = (other: Transfer) => other !== transfer && !other.isActive && other.id === progress.modelId;
    transfer.stored ??= this.list.find(isSame)?.stored ?? null;
    this.list = this.list.filter((other) => !isSame(other));
  }

  async #fail(transfer: Transfer, error: unknown): Promise<void> {
    const isOffline = hasErrorName(error, 'NetworkError') && !this.isOnline;
    // Nothing of the old file is stored any more: the next attempt begins with the one that is there by now.
    if (hasErrorName(error, 'SourceChangedError') && transfer.stored)
      transfer.source ??= sourceAnew(transfer.stored.source);
    transfer.failure = isOffline ? null : failureOf(error);
    transfer.state = isOffline ? 'offline' : 'failed';
    if (this.centre === transfer) this.centre = null;
    await this.refresh().catch(() => undefined);
  }

  async #finish(transfer: Transfer): Promise<void> {
    const opening = transfer.state === 'done' && transfer.opensItself && this.#host.open(transfer.model!, false);
    if (this.centre === transfer && !transfer.isActive) this.centre = null;
    if (!opening) return;
    this.#remove(transfer);
    await opening;
  }

  #stop(transfer: Transfer): void {
    if (this.centre === transfer) this.centre = null;
    this.#stops.get(transfer)?.abort();
    this.#stops.delete(transfer);
    this.#waiting.find((other) => other.transfer === transfer)?.resolve();
    this.#waiting = this.#waiting.filter((other) => other.transfer !== transfer);
  }

  #remove(transfer: Transfer): void {
    this.list = this.list.filter((other) => other !== transfer);
  }
}

function leftTransfer(stored: UnfinishedImport): Transfer {
  const transfer = new Transfer();
  transfer.stored = stored;
  return transfer;
}
