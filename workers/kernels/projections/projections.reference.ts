import { matvecReference } from '../matvec/matvec.reference';

/** One matrix on a row that still lacks the division of RMSNorm: gain · (weights · x) / √(Σ squares / columns + eps). */
export function projectionsReference(
  weights: Float32Array,
  x: Float32Array,
  squares: Float32Array,
  rows: number,
  { columns, eps, gain }: { columns: number; eps: number; gain: number },
): Float64Array {
  const mean = squares.reduce((sum, square) => sum + square, 0) / columns;
  return matvecReference(weights, x, rows, columns).map((value) => (gain * value) / Math.sqrt(mean + eps));
}
