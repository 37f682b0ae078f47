import type { ChunkEntry, ShardEntry, TensorEntry } from '../checkpoint/manifest';
import { CHUNK_BYTES, MAX_SHARD_BYTES } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import type { Quantization } from '../protocol';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout, paddedWidth, TILE_ROWS } from '../quant/layout';
import type { StoredFormat } from './formats';
import { storedFormat } from './formats';

/** What one tensor becomes. Everything but the hashes is known before a weight is read. */
export interface PlannedTensor {
  source: SourceTensor;
  /** The finished entry, with empty hashes. */
  entry: TensorEntry;
  stored: StoredFormat;
}

/** Formats, shards and chunk numbers of an import, in file order; the same for the same source and quantization. */
export function planImport(tensors: SourceTensor[], quantization: Quantization): PlannedTensor[] {
  let nextChunk = 0;
  return tensors.map((source) => {
    const stored = storedFormat(source, quantization);
    const shards = planShards(source.shape, stored.format, nextChunk);
    nextChunk += shards.reduce((count, shard) => count + shard.chunks.length, 0);
    return { source, stored, entry: { name: source.target, shape: source.shape, format: stored.format, shards } };
  });
}

/** Bytes that a tensor takes in storage. */
export function storedBytes(entry: TensorEntry): number {
  return entry.shards.reduce((sum, shard) => sum + shard.bytes, 0);
}

function planShards(shape: SourceTensor['shape'], format: MatrixFormat, firstChunk: number): ShardEntry[] {
  const [rows, columns] = shape;
  if (columns === undefined) {
    const bytes = paddedWidth(rows) * Float32Array.BYTES_PER_ELEMENT;
    return [{ rowStart: 0, rows, bytes, chunks: [{ number: firstChunk, bytes, hash: '' }] }];
  }
  const { tileBytes } = matrixLayout(format, rows, columns);
  const shardRows = Math.floor(MAX_SHARD_BYTES / tileBytes) * TILE_ROWS;
  const shards: ShardEntry[] = [];
  let number = firstChunk;
  for (let rowStart = 0; rowStart < rows; rowStart += shardRows) {
    const shard = { rowStart, rows: Math.min(shardRows, rows - rowStart) };
    const { bytes } = matrixLayout(format, shard.rows, columns);
    const chunks = planChunks(bytes, tileBytes, number);
    shards.push({ ...shard, bytes, chunks });
    number += chunks.length;
  }
  return shards;
}

function planChunks(shardBytes: number, tileBytes: number, firstChunk: number): ChunkEntry[] {
  const chunkBytes = Math.floor(CHUNK_BYTES / tileBytes) * tileBytes;
  return Array.from({ length: Math.ceil(shardBytes / chunkBytes) }, (_, i) => ({
    number: firstChunk + i,
    bytes: Math.min(chunkBytes, shardBytes - i * chunkBytes),
    hash: '',
  }));
}
