import type { ModelInfo, Quantization } from './model';
import type { Progress } from './progress';
import type { ModelSource, SourceInfo } from './source';

/** How bytes are fetched and stored. The defaults suit every connection; tests make them small. */
export interface TransferOptions {
  /** The largest stored chunk, in bytes. Default: 8 MiB. */
  chunkBytes?: number;
  /** The most requests at once. Default: 6, of which as many are made as speed the transfer up. */
  connections?: number;
  /** A server that sends nothing for so long has stalled, and is asked anew. Default: 30. */
  stallSeconds?: number;
  /** The wait after a failure, twice as long after each further one. Default: 0.5. */
  retrySeconds?: number;
  /** Failures without one byte in between after which a transfer is given up. Default: 7. */
  attempts?: number;
}

export interface ImportRequest {
  /** Default: the app's own. */
  database: string | undefined;
  /** Without one, the unfinished import of `id` goes on. */
  source: ModelSource | undefined;
  id: string | undefined;
  quantization: Quantization;
  /** For the only hub of a source, where it has no token of its own. */
  token?: string | undefined;
  transfer?: TransferOptions | undefined;
}

export interface RepairRequest {
  /** Default: the app's own. */
  database: string | undefined;
  id: string;
  /** Default: where the model was imported from. Local files are forgotten, and must be given again. */
  source?: ModelSource | undefined;
  token?: string | undefined;
  transfer?: TransferOptions | undefined;
}

/** An import that was paused or broken off; importing its source again goes on from here. */
export interface UnfinishedImport {
  /** The id that the model will have. */
  id: string;
  name: string;
  source: SourceInfo;
  quantization: Quantization;
  /** Bytes of the source whose chunks are stored. */
  loadedBytes: number;
  /** Bytes of the source that are needed. */
  totalBytes: number;
  /** Bytes that its chunks take in the database. */
  storedBytes: number;
  /** Whether it goes on at the moment, here or in another tab. */
  isUnderWay: boolean;
  /** When something was stored last, in milliseconds since 1970. */
  updatedAt: number;
}

/** Served by import.worker.ts. Cancelled by terminating the worker: the manifest is written last. */
export interface ImporterApi {
  importModel(request: ImportRequest, onProgress: (progress: Progress) => void): Promise<ModelInfo>;
  /** Resolves to the names of what was damaged and is whole again. */
  repairModel(request: RepairRequest, onProgress: (progress: Progress) => void): Promise<string[]>;
}
