import type { LatentHeads } from '../shared/latentHeads';

export interface LatentQueriesReferenceShape extends LatentHeads {
  rows: number;
  qWidth: number;
  width: number;
}

/**
 * Queries that meet the latent: out = { q_rope | kvB_keyᵀ · q_content } of each head.
 * q [rows, qWidth], heads of {contentDim | ropeDim}; out [rows, width], heads of {ropeDim | rank}, zero behind the last one.
 * `weightRow` writes a row of `kvB` to the first `rank` of its floats.
 */
export function latentQueriesReference(
  q: Float32Array,
  weightRow: (row: number, weights: Float32Array) => void,
  out: Float32Array,
  shape: LatentQueriesReferenceShape,
): void {
  const { numHeads, rank, ropeDim, contentDim, valueDim, rows, qWidth, width } = shape;
  const weights = new Float32Array(rank);
  for (let m = 0; m < rows; m++) {
    out.fill(0, m * width, (m + 1) * width);
    for (let head = 0; head < numHeads; head++) {
      const rotating = m * qWidth + head * (contentDim + ropeDim) + contentDim;
      out.set(q.subarray(rotating, rotating + ropeDim), m * width + head * (ropeDim + rank));
    }
  }
  for (let head = 0; head < numHeads; head++) {
    for (let d = 0; d < contentDim; d++) {
      weightRow(head * (contentDim + valueDim) + d, weights);
      for (let m = 0; m < rows; m++) {
        const channel = q[m * qWidth + head * (contentDim + ropeDim) + d]!;
        const start = m * width + head * (ropeDim + rank) + ropeDim;
        for (let c = 0; c < rank; c++) out[start + c]! += channel * weights[c]!;
      }
    }
  }
}
