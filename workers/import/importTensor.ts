import type { ChunkEntry } from '../checkpoint/manifest';
import type { SourceTensor } from '../checkpoint/tensorTable';
import type { Adjustment } from '../checkpoint/names';
import { engineError } from '../errors';
import { dequantizeGgml } from '../quant/ggml';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { sha256 } from '../storage/hash';
import { release } from '../storage/release';
import type { ByteRange, ByteSource } from './byteSource';
import type { PackRows } from './packers';
import type { PlannedChunk, PlannedTensor } from './plan';
import { bytesOfRows, rowBatches } from './rowBatches';
import type { RowBatch } from './rows';

/** Packed at a time by one worker: long enough to be worth sending, short enough that all have something to do. */
const STRETCH_BYTES = 1 << 20;

/** Stores a chunk, whose entry has its hash. May reject with StorageFullError. */
export type PutChunk = (chunk: ChunkEntry, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/**
 * Reads these chunks of one tensor, packs and stores them one by one; resolves to their entries with hashes. One chunk is
 * stored while the next is filled, so there are never more than two in memory, and one batch of rows is packed while the
 * next is read. `onBytes` is told about every stretch of source bytes that is done. `weights` are all files of the
 * checkpoint. Throws InvalidFileError for weights that are not numbers, and what reading, packing and storing throw.
 */
export async function importChunks(
  planned: PlannedTensor,
  chunks: PlannedChunk[],
  weights: ByteSource[],
  headDim: number,
  pack: PackRows,
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
        : fillWithRows(planned, plannedChunk, weights, headDim, pack, bytes, onBytes);
    // What cannot be stored is never settled, and the source would wait for that before it reads on.
    await Promise.race([filling, storing.then(() => filling)]);
    await storing;
    storing = sha256(bytes).then(async (hash) => {
      const chunk = { ...plannedChunk.chunk, hash };
      stored.push(chunk);
      await putChunk(chunk, bytes);
      release(bytes);
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
  const values = await namingTheTensor(tensor, source, async () =>
    finite(adjusted(dequantizeGgml(tensor.type, bytes, entry.shape[0]), tensor.adjustment)),
  );
  new Float32Array(out.buffer).set(values);
  onBytes(tensor.bytes);
}

async function fillWithRows(
  planned: PlannedTensor,
  chunk: PlannedChunk,
  weights: ByteSource[],
  headDim: number,
  pack: PackRows,
  out: Uint8Array<ArrayBuffer>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let packing: Promise<unknown> = Promise.resolve();
  for await (const batch of rowBatches(weights, planned.source, headDim, chunk)) {
    await packing;
    packing = packBatch(planned, chunk, batch, weights, pack, out, onBytes);
    // The next `await` of it reports a failure; until then it must not count as unhandled.
    packing.catch(() => undefined);
  }
  await packing;
}

/** Packs those rows of a batch that are of the chunk, stretch by stretch, all at once. */
function packBatch(
  { source: tensor, entry, stored }: PlannedTensor,
  { firstRow, endRow }: PlannedChunk,
  batch: RowBatch,
  weights: ByteSource[],
  pack: PackRows,
  out: Uint8Array<ArrayBuffer>,
  onBytes: (bytes: number) => void,
): Promise<unknown> {
  const [rows, columns] = entry.shape as [number, number];
  const { tileBytes } = matrixLayout(entry.format, rows, columns);
  const rowBytes = batch.bytes.length / (batch.endRow - batch.firstRow);
  const stretchRows = Math.max(1, Math.floor(STRETCH_BYTES / (rowBytes * TILE_ROWS))) * TILE_ROWS;
  const end = Math.min(batch.endRow, endRow);
  const packStretch = async (row: number) => {
    const rowCount = Math.min(stretchRows, end - row);
    const start = (row - batch.firstRow) * rowBytes;
    const stretch = batch.bytes.slice(start, start + rowCount * rowBytes);
    const packed = await namingTheTensor(tensor, weights[tensor.file]!, () =>
      pack({ type: tensor.type.name, stored, rowCount, columns, rows: stretch }),
    );
    out.set(packed, ((row - firstRow) / TILE_ROWS) * tileBytes);
    release(packed);
    onBytes((tensor.bytes / rows) * rowCount);
  };
  const stretches: Promise<void>[] = [];
  for (let row = Math.max(batch.firstRow, firstRow); row < end; row += stretchRows) stretches.push(packStretch(row));
  // Every stretch has taken its copy.
  release(batch.bytes);
  return Promise.all(stretches);
}

function adjusted(values: Float32Array<ArrayBuffer>, adjustment?: Adjustment): Float32Array<ArrayBuffer> {
  if (!adjustment) return values;
  return values.map(adjustment === 'plus-one' ? (value) => 1 + value : (value) => -Math.exp(value));
}

function finite(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`element ${bad} is ${values[bad]}`);
  return values;
}

/** What packing refuses is the file's fault: says in which tensor. */
async function namingTheTensor<T>(tensor: SourceTensor, source: ByteSource, pack: () => Promise<T>): Promise<T> {
  try {
    return await pack();
  } catch (error) {
    // From another thread an error comes with its name, but not with its class.
    if (!(error instanceof Error) || error.name !== 'RangeError') throw error;
    throw engineError('InvalidFileError', `${source.name}, tensor "${tensor.name}": ${error.message}.`, error);
  }
}
