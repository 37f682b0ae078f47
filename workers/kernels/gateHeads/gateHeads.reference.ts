import type { Gating } from './gateHeads';

export interface GateHeadsReferenceShape {
  rows: number;
  numHeads: number;
  headDim: number;
  /** Columns in front of the first head's gates, from there to the next head's, and from one row to the next. */
  start: number;
  stride: number;
  gateWidth: number;
  width: number;
  gating: Gating;
}

/**
 * out = x · σ(g), for 'silu' x · g · σ(g), heads side by side; the gates g of a head lie in gate [rows, gateWidth], `stride`
 * columns behind those of the head before. x, out [rows, width]; out is zero behind the last head.
 */
export function gateHeadsReference(
  x: Float32Array,
  gate: Float32Array,
  out: Float32Array,
  { rows, numHeads, headDim, start, stride, gateWidth, width, gating }: GateHeadsReferenceShape,
): void {
  for (let m = 0; m < rows; m++) {
    for (let head = 0; head < numHeads; head++) {
      for (let i = 0; i < headDim; i++) {
        const g = gate[m * gateWidth + start + head * stride + i]!;
        const at = m * width + head * headDim + i;
        out[at] = (x[at]! * (gating === 'silu' ? g : 1)) / (1 + Math.exp(-g));
      }
    }
    out.fill(0, m * width + numHeads * headDim, (m + 1) * width);
  }
}
