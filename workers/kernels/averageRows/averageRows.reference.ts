/** out[m] = Σ_i x[count · m + i] / count; x [count · rows, width], out [rows, width]. */
export function averageRowsReference(
  x: Float32Array,
  out: Float32Array,
  { rows, count, width }: { rows: number; count: number; width: number },
): void {
  for (let m = 0; m < rows; m++) {
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += x[(count * m + i) * width + c]!;
      out[m * width + c] = sum / count;
    }
  }
}
