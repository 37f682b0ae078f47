import type { FiledTensor, RowParts, TransposedParts } from '../checkpoint/quantizedTensors';
import { FLOAT_TYPES } from '../checkpoint/storedTensor';
import type { Assembly, SourceTensor } from '../checkpoint/tensorTable';
import { dequantizeGgml } from '../quant/ggml';
import { GROUPED_INT4, groupedFromRows } from '../quant/groupedInt4';
import { TILE_ROWS } from '../quant/layout';
import { AWQ_ORDER, GPTQ_ORDER, groupedRows, mixedRows } from '../quant/transposedInt4';
import type { ByteRange, ByteSource } from './byteSource';
import { consecutiveGroups } from './openQuantized';
import type { RowBatch, Rows } from './rows';

/** Put together at a time. */
const BATCH_BYTES = 4 * 1024 * 1024;

export type AssembledTensor = SourceTensor & { assembly: Assembly };

/** Whether a matrix is put together from several tensors. */
export function isAssembled(tensor: SourceTensor): tensor is AssembledTensor {
  return tensor.assembly !== undefined;
}

/** The bytes that `assembledRows` reads in the order of the file: of GPTQ and AWQ those of the whole matrix. */
export function bytesOfAssembledRows({ offset, assembly, shape }: AssembledTensor, wanted: Rows): ByteRange {
  const { parts, end } = assembly;
  if (parts.order !== 'mlx') return { from: offset, to: end };
  const rowBytes = parts.codes.bytes / shape[0];
  return { from: offset + wanted.firstRow * rowBytes, to: offset + wanted.endRow * rowBytes };
}

/** Rows of a matrix that is put together from several tensors, as blocks of `tensor.type`, some tiles at a time. */
export async function* assembledRows(
  weights: ByteSource[],
  tensor: AssembledTensor,
  wanted: Rows,
): AsyncGenerator<RowBatch, void> {
  const { parts, groups } = tensor.assembly;
  const [rows, columns] = tensor.shape as [number, number];
  const rowBytes = (columns / tensor.type.blockSize) * tensor.type.blockBytes;
  const batchRows = Math.max(1, Math.floor(BATCH_BYTES / (rowBytes * TILE_ROWS))) * TILE_ROWS;
  const read = partReader(weights, tensor);
  const assemble =
    parts.order === 'mlx'
      ? rowAssembler(read, parts, columns)
      : await transposedAssembler(read, parts, rows, columns, groups, tensor.type === GROUPED_INT4);
  for (let firstRow = wanted.firstRow; firstRow < wanted.endRow; firstRow += batchRows) {
    const endRow = Math.min(firstRow + batchRows, wanted.endRow);
    yield { firstRow, endRow, bytes: await assemble(firstRow, endRow) };
  }
}

/** Reads bytes `from` to `to` of a part. */
type ReadPart = (part: FiledTensor, from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>;

type Assemble = (firstRow: number, endRow: number) => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

function partReader(weights: ByteSource[], { file, offset, assembly }: AssembledTensor): ReadPart {
  return (part, from, to) => {
    const source = weights[part.file]!;
    const isInOrder = part.file === file && part.offset >= offset && part.offset + part.bytes <= assembly.end;
    const [start, length] = [part.offset + from, to - from];
    return isInOrder ? source.read(start, length) : source.readAside(start, length);
  };
}

async function transposedAssembler(
  read: ReadPart,
  parts: TransposedParts,
  rows: number,
  columns: number,
  groups: Int32Array | null,
  hasWholeBlocks: boolean,
): Promise<Assemble> {
  const readWhole = (part: FiledTensor) => read(part, 0, part.bytes);
  const matrix = {
    order: parts.order === 'gptq' ? GPTQ_ORDER : AWQ_ORDER,
    rows,
    columns,
    codes: wordsOf(await readWhole(parts.codes)),
    zeros: wordsOf(await readWhole(parts.zeros)),
    scales: floatsOf(parts.scales, await readWhole(parts.scales)),
    zeroOffset: parts.zeroOffset,
    groups: groups ?? consecutiveGroups(columns, parts.groupColumns),
  };
  const assemble = hasWholeBlocks ? groupedRows : mixedRows;
  return (firstRow, endRow) => assemble(matrix, firstRow, endRow);
}

function rowAssembler(read: ReadPart, { codes, scales, biases, groupColumns }: RowParts, columns: number): Assemble {
  return async (firstRow, endRow) => {
    const readRows = (part: FiledTensor) => {
      const rowBytes = part.bytes / part.shape[0]!;
      return read(part, firstRow * rowBytes, endRow * rowBytes);
    };
    const words = wordsOf(await readRows(codes));
    const factors = floatsOf(scales, await readRows(scales));
    return groupedFromRows(words, factors, floatsOf(biases, await readRows(biases)), columns, groupColumns);
  };
}

function wordsOf(bytes: Uint8Array<ArrayBuffer>): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function floatsOf({ dtype }: FiledTensor, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const type = FLOAT_TYPES[dtype]!;
  return dequantizeGgml(type, bytes, bytes.length / type.blockBytes);
}
