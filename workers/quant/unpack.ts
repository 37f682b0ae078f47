import type { MatrixFormat } from './layout';

/** The weights of a packed matrix, [rows, columns] row-major: the definition of the layout. */
export function unpackMatrix(
  format: MatrixFormat,
  bytes: Uint8Array,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  throw new Error(`not implemented: ${[format, bytes.length, rows, columns].join(' ')}`);
}

/** The weights of one row of a packed matrix, for embedding look-ups, into `out[outOffset…]` (`columns` values). */
export function unpackRow(
  format: MatrixFormat,
  bytes: Uint8Array,
  row: number,
  columns: number,
  out: Float32Array,
  outOffset: number,
): void {
  throw new Error(`not implemented: ${[format, bytes.length, row, columns, out.length, outOffset].join(' ')}`);
}
