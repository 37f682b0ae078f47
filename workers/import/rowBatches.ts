import type { SourceTensor } from '../checkpoint/tensorTable';
import { TILE_ROWS } from '../quant/layout';
import { assembledRows, bytesOfAssembledRows, isAssembled } from './assembledRows';
import { transposedRows } from './transposedRows';
import type { ByteRange, ByteSource } from './byteSource';
import type { RowBatch, Rows } from './rows';

/** Read at a time: long enough for fast transfers, short enough that memory stays flat. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Rows of a matrix from first to last, a whole number of tiles at a time (the last batch takes what is left), in the
 * order of Hugging Face checkpoints: heads that the file interleaves are put right. Batches may reach beyond the rows that
 * are asked for, to whole heads. `firstRow` is a multiple of TILE_ROWS.
 */
export async function* rowBatches(
  weights: ByteSource[],
  tensor: SourceTensor,
  headDim: number,
  wanted: Rows,
): AsyncGenerator<RowBatch, void> {
  if (isAssembled(tensor)) return yield* assembledRows(weights, tensor, wanted);
  if (tensor.isTransposed) return yield* transposedRows(weights, tensor);
  const source = weights[tensor.file]!;
  const rowBytes = tensor.bytes / tensor.shape[0];
  const unit = rowUnit(tensor, headDim);
  const batchRows = Math.max(1, Math.floor(BATCH_BYTES / (rowBytes * unit))) * unit;
  const { firstRow: start, endRow: end } = wholeUnits(tensor, headDim, wanted);
  for (let row = start; row < end; row += batchRows) {
    const endRow = Math.min(row + batchRows, end);
    const bytes = await source.read(tensor.offset + row * rowBytes, (endRow - row) * rowBytes);
    yield {
      firstRow: row,
      endRow,
      bytes: tensor.hasInterleavedHeads ? separateHalves(bytes, rowBytes, headDim) : bytes,
    };
  }
}

/** The bytes of the file that `rowBatches` reads in order. */
export function bytesOfRows(tensor: SourceTensor, headDim: number, wanted: Rows): ByteRange {
  if (isAssembled(tensor)) return bytesOfAssembledRows(tensor, wanted);
  if (tensor.isTransposed) return { from: tensor.offset, to: tensor.offset + tensor.bytes };
  const rowBytes = tensor.bytes / tensor.shape[0];
  const { firstRow, endRow } = wholeUnits(tensor, headDim, wanted);
  return { from: tensor.offset + firstRow * rowBytes, to: tensor.offset + endRow * rowBytes };
}

function wholeUnits(tensor: SourceTensor, headDim: number, { firstRow, endRow }: Rows): Rows {
  const unit = rowUnit(tensor, headDim);
  return {
    firstRow: Math.floor(firstRow / unit) * unit,
    endRow: Math.min(Math.ceil(endRow / unit) * unit, tensor.shape[0]),
  };
}

function rowUnit({ hasInterleavedHeads }: SourceTensor, headDim: number): number {
  return hasInterleavedHeads ? leastCommonMultiple(TILE_ROWS, headDim) : TILE_ROWS;
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
