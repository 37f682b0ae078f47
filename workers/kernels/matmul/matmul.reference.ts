import { matvecReference } from '../matvec/matvec.reference';

/** x · weightsᵀ. weights [rows, columns], x [xRows, xWidth ≥ columns], result [xRows, rows]. */
export function matmulReference(
  weights: Float32Array,
  x: Float32Array,
  { rows, columns, xRows, xWidth }: { rows: number; columns: number; xRows: number; xWidth: number },
): Float64Array {
  const out = new Float64Array(xRows * rows);
  for (let m = 0; m < xRows; m++) {
    out.set(matvecReference(weights, x.subarray(m * xWidth, (m + 1) * xWidth), rows, columns), m * rows);
  }
  return out;
}
