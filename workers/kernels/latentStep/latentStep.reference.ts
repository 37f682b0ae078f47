import { paddedWidth } from '../../quant/layout';
import { latentKeyReference } from '../latentKey/latentKey.reference';
import { latentQueriesReference } from '../latentQueries/latentQueries.reference';
import { rmsNormReference } from '../rmsNorm/rmsNorm.reference';
import type { LatentHeads } from '../shared/latentHeads';

export interface LatentStepReferenceShape extends LatentHeads {
  queryRank: number;
  /** Where the latent begins in x. */
  keyStart: number;
  width: number;
  eps: number;
}

/** Rows of matrices, unpacked; norm weights. */
export interface LatentStepWeights {
  /** [numHeads · (contentDim + ropeDim)][queryRank] */
  qB: readonly Float32Array[];
  /** [numHeads · (contentDim + valueDim)][rank] */
  kvB: readonly Float32Array[];
  queryNorm: Float32Array;
  latentNorm: Float32Array;
}

/** What latent attention makes of its down-projections `x` of one row: {queries of all heads | key} before RoPE, [width]. */
export function latentStepReference(
  x: Float32Array,
  { qB, kvB, queryNorm, latentNorm }: LatentStepWeights,
  shape: LatentStepReferenceShape,
): Float32Array {
  const { numHeads, rank, ropeDim, queryRank, keyStart, width, eps } = shape;
  const normed = new Float32Array(queryRank);
  rmsNormReference(x, queryNorm, normed, { rows: 1, columns: queryRank, width: queryRank, eps });
  const q = Float32Array.from(qB, (weights) => weights.reduce((sum, weight, k) => sum + weight * normed[k]!, 0));
  const out = new Float32Array(width);
  const weightRow = (row: number, weights: Float32Array) => weights.set(kvB[row]!);
  latentQueriesReference(q, weightRow, out, { ...shape, rows: 1, qWidth: q.length });
  const keyWidth = paddedWidth(ropeDim + rank);
  const key = new Float32Array(keyWidth);
  const down = Float32Array.from({ length: keyWidth }, (_, c) => x[keyStart + c] ?? 0);
  latentKeyReference(down, latentNorm, key, { rows: 1, rank, ropeDim, width: keyWidth, eps });
  out.set(key.subarray(0, ropeDim + rank), numHeads * (ropeDim + rank));
  return out;
}
