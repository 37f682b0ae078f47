import type { TensorEntry } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import { dequantizeGgml, repackGgmlTile } from '../quant/ggml';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { packTile } from '../quant/packTile';
import type { ByteSource } from './byteSource';
import type { PutChunk } from './chunkWriter';
import { ChunkWriter } from './chunkWriter';
import type { PlannedTensor } from './plan';
import { rowBatches } from './rowBatches';

/**
 * Reads one tensor, packs it and stores its chunks; resolves to its finished entry. `onBytes` is told about every stretch
 * of source bytes that is done. Throws InvalidFileError for weights that are not numbers, and what reading and storing
 * throw.
 */
export async function importTensor(
  planned: PlannedTensor,
  source: ByteSource,
  headDim: number,
  putChunk: PutChunk,
  onBytes: (bytes: number) => void,
): Promise<TensorEntry> {
  const writer = new ChunkWriter(planned.entry, putChunk);
  if (planned.entry.shape.length === 1) {
    await importVector(planned, source, writer);
    onBytes(planned.source.bytes);
  } else {
    await importMatrix(planned, source, headDim, writer, onBytes);
  }
  return writer.finish(planned.entry);
}

async function importVector({ source: tensor, entry }: PlannedTensor, source: ByteSource, writer: ChunkWriter) {
  const bytes = await source.read(tensor.offset, tensor.bytes);
  const values = namingTheTensor(tensor, source, () => finite(dequantizeGgml(tensor.type, bytes, entry.shape[0])));
  const piece = await writer.reserve(entry.shards[0]!.bytes);
  new Float32Array(piece.bytes.buffer, piece.offset).set(values);
}

async function importMatrix(
  planned: PlannedTensor,
  source: ByteSource,
  headDim: number,
  writer: ChunkWriter,
  onBytes: (bytes: number) => void,
) {
  const { source: tensor, entry } = planned;
  const [rows, columns] = entry.shape as [number, number];
  const { tileBytes } = matrixLayout(entry.format, rows, columns);
  const rowBytes = tensor.bytes / rows;
  for await (const batch of rowBatches(source, tensor, headDim)) {
    for (let row = 0; row < batch.rows; row += TILE_ROWS) {
      const rowCount = Math.min(TILE_ROWS, batch.rows - row);
      const tile = batch.bytes.subarray(row * rowBytes, (row + rowCount) * rowBytes);
      const piece = await writer.reserve(tileBytes);
      namingTheTensor(tensor, source, () => packRows(planned, tile, rowCount, columns, piece.bytes, piece.offset));
    }
    onBytes(batch.bytes.length);
  }
}

function packRows(
  { source: { type }, stored }: PlannedTensor,
  rows: Uint8Array,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  if (stored.keepsCodes) {
    repackGgmlTile(type, rows, rowCount, columns, out, outOffset);
  } else {
    const weights = dequantizeGgml(type, rows, rowCount * columns);
    packTile(stored.format, weights, rowCount, columns, out, outOffset);
  }
}

function finite(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`element ${bad} is ${values[bad]}`);
  return values;
}

/** What packing refuses is the file's fault: says in which tensor. */
function namingTheTensor<T>(tensor: SourceTensor, source: ByteSource, pack: () => T): T {
  try {
    return pack();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw engineError('InvalidFileError', `${source.name}, tensor "${tensor.name}": ${error.message}.`, error);
  }
}
