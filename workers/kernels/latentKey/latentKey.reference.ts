export interface LatentKeyReferenceShape {
  rows: number;
  rank: number;
  ropeDim: number;
  width: number;
  eps: number;
}

/**
 * The key that all heads of latent attention share, before RoPE: { x_rope | l / √(mean(l²) + eps) · weight } of a latent l.
 * x [rows, width] of {rank | ropeDim}, weight [rank], out [rows, width] of {ropeDim | rank}, zero behind both.
 */
export function latentKeyReference(
  x: Float32Array,
  weight: Float32Array,
  out: Float32Array,
  { rows, rank, ropeDim, width, eps }: LatentKeyReferenceShape,
): void {
  for (let m = 0; m < rows; m++) {
    const start = m * width;
    let sum = 0;
    for (let c = 0; c < rank; c++) sum += x[start + c]! ** 2;
    const gain = 1 / Math.sqrt(sum / rank + eps);
    for (let c = 0; c < rank; c++) out[start + ropeDim + c] = gain * x[start + c]! * weight[c]!;
    for (let c = 0; c < ropeDim; c++) out[start + c] = x[start + rank + c]!;
    out.fill(0, start + ropeDim + rank, start + width);
  }
}
