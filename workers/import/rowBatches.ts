import type { SourceTensor } from '../checkpoint/tensorTable';
import { TILE_ROWS } from '../quant/layout';
import type { ByteSource } from './byteSource';

/** Read at a time: long enough for fast transfers, short enough that memory stays flat. */
const BATCH_BYTES = 8 * 1024 * 1024;

export interface RowBatch {
  rows: number;
  /** `rows` rows one after another, as the file stores them. */
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The rows of a matrix from first to last, a whole number of tiles at a time (the last batch takes what is left), in the
 * order of Hugging Face checkpoints: heads that the file interleaves are put right.
 */
export async function* rowBatches(
  source: ByteSource,
  tensor: SourceTensor,
  headDim: number,
): AsyncGenerator<RowBatch, void> {
  const [rows] = tensor.shape;
  const rowBytes = tensor.bytes / rows;
  const unit = tensor.hasInterleavedHeads ? leastCommonMultiple(TILE_ROWS, headDim) : TILE_ROWS;
  const batchRows = Math.max(1, Math.floor(BATCH_BYTES / (rowBytes * unit))) * unit;
  for (let row = 0; row < rows; row += batchRows) {
    const count = Math.min(batchRows, rows - row);
    const bytes = await source.read(tensor.offset + row * rowBytes, count * rowBytes);
    yield { rows: count, bytes: tensor.hasInterleavedHeads ? separateHalves(bytes, rowBytes, headDim) : bytes };
  }
}

/** Undoes GGUF's order within each head: its row 2j is row j, and its row 2j + 1 is row j + headDim / 2. */
export function separateHalves(
  rows: Uint8Array<ArrayBuffer>,
  rowBytes: number,
  headDim: number,
): Uint8Array<ArrayBuffer> {
  const separated = new Uint8Array(rows.length);
  for (let source = 0; source * rowBytes < rows.length; source++) {
    const inHead = source % headDim;
    const target = source - inHead + (inHead >> 1) + (inHead & 1) * (headDim / 2);
    separated.set(rows.subarray(source * rowBytes, (source + 1) * rowBytes), target * rowBytes);
  }
  return separated;
}

function leastCommonMultiple(a: number, b: number): number {
  const greatestCommonDivisor = (x: number, y: number): number => (y === 0 ? x : greatestCommonDivisor(y, x % y));
  return (a / greatestCommonDivisor(a, b)) * b;
}
