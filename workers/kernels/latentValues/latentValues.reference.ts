import type { LatentHeads } from '../shared/latentHeads';

export interface LatentValuesReferenceShape extends LatentHeads {
  rows: number;
  xWidth: number;
  width: number;
}

/**
 * Values of heads that have attended to latents: kvB_value · attended_latent of each head.
 * attended [rows, xWidth], heads of {ropeDim, not read | rank}; out [rows, width], heads of valueDim, zero behind the last one.
 * `weightRow` writes a row of `kvB` to the first `rank` of its floats.
 */
export function latentValuesReference(
  attended: Float32Array,
  weightRow: (row: number, weights: Float32Array) => void,
  out: Float32Array,
  shape: LatentValuesReferenceShape,
): void {
  const { numHeads, rank, ropeDim, contentDim, valueDim, rows, xWidth, width } = shape;
  const weights = new Float32Array(rank);
  for (let head = 0; head < numHeads; head++) {
    for (let d = 0; d < valueDim; d++) {
      weightRow(head * (contentDim + valueDim) + contentDim + d, weights);
      for (let m = 0; m < rows; m++) {
        const start = m * xWidth + head * (ropeDim + rank) + ropeDim;
        let sum = 0;
        for (let c = 0; c < rank; c++) sum += attended[start + c]! * weights[c]!;
        out[m * width + head * valueDim + d] = sum;
      }
    }
  }
  for (let m = 0; m < rows; m++) out.fill(0, m * width + numHeads * valueDim, (m + 1) * width);
}
