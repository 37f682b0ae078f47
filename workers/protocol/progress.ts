/** Phases in order; the page translates them. */
export type ProgressPhase = 'reading' | 'importing' | 'verifying' | 'loading' | 'compiling';

export interface Progress {
  phase: ProgressPhase;
  loadedBytes: number;
  totalBytes: number;
  etaSeconds?: number;
  /** Of an import, once it is known: the id that the model will have. */
  modelId?: string;
  /** True where the import of another tab is followed. */
  isElsewhere?: boolean;
}
