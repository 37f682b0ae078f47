export interface HeadNormReferenceShape {
  rows: number;
  numHeads: number;
  headDim: number;
  /** Columns from one head of x to the next, and from one row to the next. */
  stride: number;
  xWidth: number;
  width: number;
  eps: number;
}

/**
 * out = h / √(mean(h²) + eps) · weight for each head h of x; weight [headDim], x [rows, xWidth] with heads `stride` columns
 * apart, out [rows, width] with heads side by side, zero behind the last one.
 */
export function headNormReference(
  x: Float32Array,
  weight: Float32Array,
  out: Float32Array,
  { rows, numHeads, headDim, stride, xWidth, width, eps }: HeadNormReferenceShape,
): void {
  for (let m = 0; m < rows; m++) {
    for (let head = 0; head < numHeads; head++) {
      const from = m * xWidth + head * stride;
      let sum = 0;
      for (let i = 0; i < headDim; i++) sum += x[from + i]! ** 2;
      const gain = 1 / Math.sqrt(sum / headDim + eps);
      const to = m * width + head * headDim;
      for (let i = 0; i < headDim; i++) out[to + i] = gain * x[from + i]! * weight[i]!;
    }
    out.fill(0, m * width + numHeads * headDim, (m + 1) * width);
  }
}
