/** Σ_k weights[n, k] · x[k] for each row n. weights [rows, columns], x [≥ columns], result [rows]. */
export function matvecReference(weights: Float32Array, x: Float32Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows);
  for (let n = 0; n < rows; n++) {
    for (let k = 0; k < columns; k++) out[n]! += weights[n * columns + k]! * x[k]!;
  }
  return out;
}
