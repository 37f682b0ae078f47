/** Weights as integer codes: one group of 32 columns (16 for int8) shares weight = scale·code + offset. */
export interface CodedRows {
  /** [rowCount, columns]: 0..15 for int4-affine, −128..127 for int8, 0..127 for int8-affine. */
  codes: Int8Array;
  /** [rowCount, groups per row] */
  scales: Float32Array;
  /** [rowCount, groups per row]; not read for int8. */
  offsets: Float32Array;
}

/**
 * Packs up to 32 rows that are already quantised into one tile at `out[outOffset]`, keeping the codes and rounding scales
 * and offsets to f16. Missing rows become zero weights. Throws RangeError for a scale or offset that f16 cannot hold.
 */
export function packCodes(
  format: 'int4-affine' | 'int8' | 'int8-affine',
  rows: CodedRows,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  throw new Error(
    `not implemented: ${[format, rows.codes.length, rowCount, columns, out.length, outOffset].join(' ')}`,
  );
}
