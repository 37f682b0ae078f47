import { WINDOW_ROWS, type WindowAttentionShape } from './windowAttention';

/**
 * out[m, h] = Σ_t softmax_t(scale · q[m, h] · k[t, h]) · v[t, h] over the four rows t of the window that m is in.
 * q, k, v, out [rows, width], heads side by side; out is zero behind the last one.
 */
export function windowAttentionReference(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  out: Float32Array,
  { rows, width, numHeads, headDim, scale }: WindowAttentionShape & { rows: number; width: number },
): void {
  for (let m = 0; m < rows; m++) {
    const first = m - (m % WINDOW_ROWS);
    for (let head = 0; head < numHeads; head++) {
      const at = (row: number, channel: number) => row * width + head * headDim + channel;
      const weights = Array.from({ length: WINDOW_ROWS }, (_, t) => {
        let score = 0;
        for (let i = 0; i < headDim; i++) score += q[at(m, i)]! * k[at(first + t, i)]!;
        return Math.exp(scale * score);
      });
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (let i = 0; i < headDim; i++) {
        out[at(m, i)] = weights.reduce((total, weight, t) => total + weight * v[at(first + t, i)]!, 0) / sum;
      }
    }
    out.fill(0, m * width + numHeads * headDim, (m + 1) * width);
  }
}
