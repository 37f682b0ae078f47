import type { MatrixFormat } from './layout';

/**
 * out[m, n] = Σ_k x[m, k]·W[n, k] for a packed matrix W [rows, columns], summed in double precision.
 * x is [xRows, ≥ columns] with rows `xStride` apart; row m of the result starts at `out[outOffset + m·outStride]`.
 */
export function linearReference(
  format: MatrixFormat,
  bytes: Uint8Array,
  rows: number,
  columns: number,
  x: Float32Array,
  xStride: number,
  xRows: number,
  out: Float32Array,
  outStride: number,
  outOffset: number,
): void {
  throw new Error(
    `not implemented: ${[format, bytes.length, rows, columns, x.length, xStride, xRows, out.length, outStride, outOffset].join(' ')}`,
  );
}
