import type { ModelInfo } from '../protocol/model';
import type { MatrixFormat } from '../quant/layout';
import type { ModelConfig } from './modelConfig';

/** Raise when packed bytes change meaning: stored models of another version are imported again. */
export const MANIFEST_VERSION = 1;

/** A stored run of bytes, at most CHUNK_BYTES long, under the key ['chunk', import id, number]. */
export interface ChunkEntry {
  number: number;
  bytes: number;
  /** SHA-256, hex. */
  hash: string;
}

/** Consecutive row tiles of a matrix that fit one storage binding under default limits; a vector has one shard. */
export interface ShardEntry {
  rowStart: number;
  rows: number;
  bytes: number;
  chunks: ChunkEntry[];
}

export interface TensorEntry {
  /** Our name: see names.ts. */
  name: string;
  /** [rows, columns] of a matrix, [length] of a vector. */
  shape: [number, number] | [number];
  /** Vectors are plain f32. */
  format: MatrixFormat;
  shards: ShardEntry[];
}

/** The record that makes an import visible; written last. */
export interface Manifest {
  version: number;
  id: string;
  /** Names this import's chunks: a model stays usable while it is imported again under a new one. */
  importId: string;
  config: ModelConfig;
  tensors: TensorEntry[];
  /** SHA-256 of the tokenizer record, hex; null where the source has no tokenizer. */
  tokenizerHash: string | null;
  /** Tells one source, quantization and layout version from another. */
  fingerprint: string;
  /** The largest chunk of this import: with it, the same source is cut into the same chunks again. */
  chunkBytes: number;
  info: ModelInfo;
}

/** Stored under ['tokenizer', import id]: the parsed contents of tokenizer.json and tokenizer_config.json, and the template. */
export interface TokenizerRecord {
  tokenizer: Record<string, unknown>;
  config: Record<string, unknown>;
  chatTemplate: string | null;
}

/** 8 MiB: large enough for disk throughput, small enough that a few in flight, with the floats they are made of, stay cheap on a phone. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** The WebGPU default of maxStorageBufferBindingSize; no shard is larger. */
export const MAX_SHARD_BYTES = 128 * 1024 * 1024;
