import type { ChunkEntry, ShardEntry, TensorEntry } from '../checkpoint/manifest';
import { MAX_SHARD_BYTES } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import type { Quantization } from '../protocol/model';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout, paddedWidth, TILE_ROWS } from '../quant/layout';
import type { StoredFormat } from './formats';
import { checkpointFormats, storedFormat } from './formats';

/** What one tensor becomes. Everything but the hashes is known before a weight is read. */
export interface PlannedTensor {
  source: SourceTensor;
  /** The finished entry, with empty hashes. */
  entry: TensorEntry;
  stored: StoredFormat;
}

/**
 * Formats, shards and chunk numbers of an import, in file order; the same for the same source, quantization and size of
 * the largest chunk.
 */
export function planImport(tensors: SourceTensor[], quantization: Quantization, chunkBytes: number): PlannedTensor[] {
  let nextChunk = 0;
  const formats = checkpointFormats(tensors);
  return tensors.map((source) => {
    const stored = storedFormat(source, quantization, formats);
    const shards = planShards(source.shape, stored.format, nextChunk, chunkBytes);
    nextChunk += shards.reduce((count, shard) => count + shard.chunks.length, 0);
    return { source, stored, entry: { name: source.target, shape: source.shape, format: stored.format, shards } };
  });
}

/** Bytes that a tensor takes in storage. */
export function storedBytes(entry: TensorEntry): number {
  return entry.shards.reduce((sum, shard) => sum + shard.bytes, 0);
}

/** A chunk and the rows of its tensor that it holds. */
export interface PlannedChunk {
  chunk: ChunkEntry;
  firstRow: number;
  endRow: number;
}

/** The chunks of a tensor in order; a vector is one row. */
export function plannedChunks({ shape, format, shards }: TensorEntry): PlannedChunk[] {
  const [rows, columns] = shape;
  if (columns === undefined) return [{ chunk: shards[0]!.chunks[0]!, firstRow: 0, endRow: 1 }];
  const { tileBytes } = matrixLayout(format, rows, columns);
  return shards.flatMap((shard) => {
    let row = shard.rowStart;
    return shard.chunks.map((chunk) => {
      const firstRow = row;
      row = Math.min(row + (chunk.bytes / tileBytes) * TILE_ROWS, shard.rowStart + shard.rows);
      return { chunk, firstRow, endRow: row };
    });
  });
}

function planShards(
  shape: SourceTensor['shape'],
  format: MatrixFormat,
  firstChunk: number,
  chunkBytes: number,
): ShardEntry[] {
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
    const chunks = planChunks(bytes, tileBytes, number, chunkBytes);
    shards.push({ ...shard, bytes, chunks });
    number += chunks.length;
  }
  return shards;
}

function planChunks(shardBytes: number, tileBytes: number, firstChunk: number, chunkBytes: number): ChunkEntry[] {
  const wholeTiles = Math.max(1, Math.floor(chunkBytes / tileBytes)) * tileBytes;
  return Array.from({ length: Math.ceil(shardBytes / wholeTiles) }, (_, i) => ({
    number: firstChunk + i,
    bytes: Math.min(wholeTiles, shardBytes - i * wholeTiles),
    hash: '',
  }));
}
