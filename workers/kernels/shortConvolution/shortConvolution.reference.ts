export interface ShortConvolutionReferenceShape {
  rows: number;
  channels: number;
  width: number;
  taps: number;
  /** Position of the first row: at 0 the state is zero whatever it holds. */
  position: number;
}

/**
 * out[m, c] = silu(Σ_t weight[c, t] · x[m − taps + 1 + t, c]), rows before the first from `state`, which then holds the last
 * rows of x. x, out [rows, width], out zero behind the last channel; weight [channels, taps]; state [taps − 1, channels].
 */
export function shortConvolutionReference(
  x: Float32Array,
  weight: Float32Array,
  state: Float32Array,
  out: Float32Array,
  { rows, channels, width, taps, position }: ShortConvolutionReferenceShape,
): void {
  const before = taps - 1;
  for (let c = 0; c < channels; c++) {
    const inputs = Array.from({ length: before + rows }, (_, i) => {
      if (i >= before) return x[(i - before) * width + c]!;
      return position === 0 ? 0 : state[i * channels + c]!;
    });
    for (let m = 0; m < rows; m++) {
      let sum = 0;
      for (let t = 0; t < taps; t++) sum += weight[c * taps + t]! * inputs[m + t]!;
      out[m * width + c] = sum / (1 + Math.exp(-sum));
    }
    for (let i = 0; i < before; i++) state[i * channels + c] = inputs[rows + i]!;
  }
  for (let m = 0; m < rows; m++) out.fill(0, m * width + channels, (m + 1) * width);
}
