/**
 * out = (x − mean(x)) / √(variance(x) + eps) · weight + bias per row; x, out [rows, width], weight and bias [columns or
 * more], out zero from `columns` on.
 */
export function layerNormReference(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  out: Float32Array,
  { rows, columns, width, eps }: { rows: number; columns: number; width: number; eps: number },
): void {
  for (let m = 0; m < rows; m++) {
    const base = m * width;
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += x[base + c]!;
    const mean = sum / columns;
    let squares = 0;
    for (let c = 0; c < columns; c++) squares += (x[base + c]! - mean) ** 2;
    const gain = 1 / Math.sqrt(squares / columns + eps);
    for (let c = 0; c < width; c++) {
      out[base + c] = c < columns ? gain * (x[base + c]! - mean) * weight[c]! + bias[c]! : 0;
    }
  }
}
