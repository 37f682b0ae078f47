/** out = x / √(mean(x²) + eps) · weight per row; x, out [rows, width], weight [width], zero from `columns` on. */
export function rmsNormReference(
  x: Float32Array,
  weight: Float32Array,
  out: Float32Array,
  { rows, columns, width, eps }: { rows: number; columns: number; width: number; eps: number },
): void {
  for (let m = 0; m < rows; m++) {
    const base = m * width;
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += x[base + c]! * x[base + c]!;
    const gain = 1 / Math.sqrt(sum / columns + eps);
    for (let c = 0; c < width; c++) out[base + c] = c < columns ? gain * x[base + c]! * weight[c]! : 0;
  }
}
