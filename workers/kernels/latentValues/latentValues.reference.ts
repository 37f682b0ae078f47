import { paddedWidth } from '../../quant/layout';

export interface LatentValuesShape {
  numHeads: number;
  rank: number;
  ropeDim: number;
  contentDim: number;
  valueDim: number;
}

/**
 * out[row, h · valueDim + d] = Σ_c kvB[h · (contentDim + valueDim) + contentDim + d, c] · attended[row, h · (ropeDim + rank) +
 * ropeDim + c]. Rows are padded to whole blocks; `weight` unpacks a row of kvB.
 */
export function latentValuesReference(
  attended: Float32Array,
  rows: number,
  weight: (row: number, into: Float32Array) => void,
  { numHeads, rank, ropeDim, contentDim, valueDim }: LatentValuesShape,
): Float32Array {
  const [attendedWidth, width] = [paddedWidth(numHeads * (ropeDim + rank)), paddedWidth(numHeads * valueDim)];
  const out = new Float32Array(rows * width);
  const weights = new Float32Array(rank);
  for (let head = 0; head < numHeads; head++) {
    for (let d = 0; d < valueDim; d++) {
      weight(head * (contentDim + valueDim) + contentDim + d, weights);
      for (let m = 0; m < rows; m++) {
        const latent = m * attendedWidth + head * (ropeDim + rank) + ropeDim;
        let sum = 0;
        for (let c = 0; c < rank; c++) sum += weights[c]! * attended[latent + c]!;
        out[m * width + head * valueDim + d] = sum;
      }
    }
  }
  return out;
}
