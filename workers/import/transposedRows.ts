import type { SourceTensor } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import type { ByteSource } from './byteSource';
import type { RowBatch } from './rows';

/** Read as a whole before its rows can be put together. */
const MAX_TRANSPOSED_BYTES = 64 << 20;

/**
 * All rows of a matrix whose columns are what the file holds one after another.
 * Throws UnsupportedError for one in blocks, or one too large to turn around in memory.
 */
export async function* transposedRows(
  weights: ByteSource[],
  { name, file, offset, bytes, type, shape }: SourceTensor,
): AsyncGenerator<RowBatch, void> {
  const source = weights[file]!;
  if (type.blockSize !== 1 || bytes > MAX_TRANSPOSED_BYTES) {
    const reason = `it has to be transposed, which ${bytes} bytes of ${type.name} cannot be`;
    throw engineError('UnsupportedError', `${source.name}, tensor "${name}": ${reason}.`);
  }
  const [rows, columns] = shape as [number, number];
  const columnsOf = await source.read(offset, bytes);
  yield { firstRow: 0, endRow: rows, bytes: transposed(columnsOf, rows, columns, type.blockBytes) };
}

/** Elements of `size` bytes, [columns, rows] to [rows, columns]. */
export function transposed(from: Uint8Array, rows: number, columns: number, size: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(from.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [start, end] = [(column * rows + row) * size, (row * columns + column) * size];
      for (let byte = 0; byte < size; byte++) to[end + byte] = from[start + byte]!;
    }
  }
  return to;
}
