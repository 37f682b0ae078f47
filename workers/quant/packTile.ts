import type { MatrixFormat } from './layout';

/** The formats that float weights can be packed into. */
export type FloatTargetFormat = Exclude<MatrixFormat, 'int4-affine' | 'int8-affine'>;

/**
 * Packs up to 32 rows of float weights, [rowCount, columns] row-major, into one tile of `matrixLayout(…).tileBytes` bytes
 * at `out[outOffset]`. Missing rows become zero weights. Throws RangeError naming row and column of a NaN or infinity.
 */
export function packTile(
  format: FloatTargetFormat,
  rows: Float32Array,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  throw new Error(`not implemented: ${[format, rows.length, rowCount, columns, out.length, outOffset].join(' ')}`);
}
