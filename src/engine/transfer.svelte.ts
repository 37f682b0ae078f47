import type { UnfinishedImport } from '../../workers/protocol/importing';
import type { ModelInfo } from '../../workers/protocol/model';
import type { Progress } from '../../workers/protocol/progress';
import type { ModelSource } from '../../workers/protocol/source';
import type { Failure } from './failure';
import { subjectOf, type Subject } from './subject';

/**
 * 'queued' waits for another download to end, 'offline' for the network; 'paused' also stands for what an earlier visit
 * has left; 'done' is a stored model that was not opened by itself.
 */
export type TransferState = 'queued' | 'running' | 'offline' | 'paused' | 'failed' | 'done';

/** One import, from its start to the stored model, over any number of pauses and visits. */
export class Transfer {
  state = $state<TransferState>('paused');
  progress = $state.raw<Progress | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** What the database has of it. */
  stored = $state.raw<UnfinishedImport | null>(null);
  /** The model, once it is there. */
  model = $state.raw<ModelInfo | null>(null);
  /** Where it comes from; null where only the database remembers it. */
  source = $state.raw<ModelSource | null>(null);
  /** False for what the person has put aside, or an earlier visit has left. */
  isAtHand = $state(false);
  /** Whether the model is opened as soon as it is there. */
  opensItself = false;

  /** The id that the model will have, once that is known. */
  readonly id = $derived(this.model?.id ?? this.progress?.modelId ?? this.stored?.id ?? null);
  readonly subject: Subject = $derived.by(() => {
    if (this.source) return subjectOf(this.source);
    return { name: this.stored?.name ?? '', isDemo: this.stored?.source.kind === 'bundled' };
  });
  readonly isActive = $derived(this.state === 'queued' || this.state === 'running');
  readonly isDownload = $derived.by(() => {
    const kind = this.source?.kind ?? this.stored?.source.kind;
    return kind === 'hub' || kind === 'url';
  });
  /** True where the browser has forgotten its files: they have to be chosen again before it can go on. */
  readonly needsFiles = $derived(this.source === null && this.stored?.source.kind === 'files');
  /** Bytes of the source that are done, and that are needed; 0 where that is not known yet. */
  readonly loadedBytes = $derived(this.#counts.loadedBytes);
  readonly totalBytes = $derived(this.#counts.totalBytes);
  /** 0 to 1, or null where it is not known. */
  readonly share = $derived(this.totalBytes > 0 ? this.loadedBytes / this.totalBytes : null);
  readonly etaSeconds = $derived(this.state === 'running' ? (this.progress?.etaSeconds ?? null) : null);
  /** Smoothed over some seconds; null where it is not known. */
  readonly bytesPerSecond = $derived(this.etaSeconds ? (this.totalBytes - this.loadedBytes) / this.etaSeconds : null);
  /** True where another tab does the work, and this one looks on. */
  readonly isElsewhere = $derived(this.state === 'running' && this.progress?.isElsewhere === true);

  get #counts(): { loadedBytes: number; totalBytes: number } {
    const isKnown = this.progress !== null && this.progress.totalBytes > 0;
    return (isKnown && this.isActive ? this.progress : this.stored) ?? { loadedBytes: 0, totalBytes: 0 };
  }
}
