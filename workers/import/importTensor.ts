import type { ChunkEntry } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import { dequantizeGgml, repackGgmlTile } from '../quant/ggml';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { packTile } from '../quant/packTile';
import { sha256 } from '../storage/hash';
import type { ByteRange, ByteSource } from './byteSource';
import type { PlannedChunk, PlannedTensor } from './plan';
import { bytesOfRows, rowBatches } from './rowBatches';

/** Stores a chunk, whose entry has its hash. May reject with StorageFullError. */
export type PutChunk = (chunk: ChunkEntry, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/**
 * Reads these chunks of one tensor, packs and stores them one by one; resolves to their entries with hashes. One chunk is
 * stored while the next is filled, so there are never more than two in memory. `onBytes` is told about every stretch of
 * source bytes that is done. `weights` are all files of the checkpoint. Throws InvalidFileError for weights that are not numbers, and what reading and storing throw.
 */
export async function importChunks(
  planned: PlannedTensor,
  chunks: PlannedChunk[],
  weights: ByteSource[],
  headDim: number,
  putChunk: PutChunk,
  onBytes: (bytes: number) => void,
): Promise<ChunkEntry[]> {
  const stored: ChunkEntry[] = [];
  let storing = Promise.resolve();
  for (const plannedChunk of chunks) {
    const bytes = new Uint8Array(plannedChunk.chunk.bytes);
    const filling =
      planned.entry.shape.length === 1
        ? fillWithVector(planned, weights, bytes, onBytes)
        : fillWithRows(planned, plannedChunk, weights, headDim, bytes, onBytes);
    // What cannot be stored is never settled, and the source would wait for that before it reads on.
    await Promise.race([filling, storing.then(() => filling)]);
    await storing;
    storing = sha256(bytes).then((hash) => {
      const chunk = { ...plannedChunk.chunk, hash };
      stored.push(chunk);
      return putChunk(chunk, bytes);
    });
    // The next `await` of it reports a failure; until then it must not count as unhandled.
    storing.catch(() => undefined);
  }
  await storing;
  return stored;
}

/** The bytes of the file that a chunk is made of and that are read in order. */
export function sourceRange({ source, entry }: PlannedTensor, chunk: PlannedChunk, headDim: number): ByteRange {
  if (entry.shape.length === 1) return { from: source.offset, to: source.offset + source.bytes };
  return bytesOfRows(source, headDim, chunk);
}

async function fillWithVector(
  { source: tensor, entry }: PlannedTensor,
  weights: ByteSource[],
  out: Uint8Array<ArrayBuffer>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const source = weights[tensor.file]!;
  const bytes = await source.read(tensor.offset, tensor.bytes);
  const values = namingTheTensor(tensor, source, () => finite(dequantizeGgml(tensor.type, bytes, entry.shape[0])));
  new Float32Array(out.buffer).set(values);
  onBytes(tensor.bytes);
}

async function fillWithRows(
  planned: PlannedTensor,
  { firstRow, endRow }: PlannedChunk,
  weights: ByteSource[],
  headDim: number,
  out: Uint8Array<ArrayBuffer>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { source: tensor, entry } = planned;
  const [rows, columns] = entry.shape as [number, number];
  const { tileBytes } = matrixLayout(entry.format, rows, columns);
  const source = weights[tensor.file]!;
  for await (const batch of rowBatches(weights, tensor, headDim, { firstRow, endRow })) {
    const rowBytes = batch.bytes.length / (batch.endRow - batch.firstRow);
    const end = Math.min(batch.endRow, endRow);
    for (let row = Math.max(batch.firstRow, firstRow); row < end; row += TILE_ROWS) {
      const rowCount = Math.min(TILE_ROWS, end - row);
      const start = (row - batch.firstRow) * rowBytes;
      const tile = batch.bytes.subarray(start, start + rowCount * rowBytes);
      const outOffset = ((row - firstRow) / TILE_ROWS) * tileBytes;
      namingTheTensor(tensor, source, () => packRows(planned, tile, rowCount, columns, out, outOffset));
      onBytes((tensor.bytes / rows) * rowCount);
    }
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
