import type { LayerCache, Ops, Tensor } from '../ops/graph';
import { layerNorm, linear } from './siglip';
import type { ResamplerWeights } from './visionWeights';

/**
 * Records the first half of MiniCPM-V's resampler (resampler.py, after the perceiver of Flamingo, Alayrac et al. 2022): keys
 * and values of a tile's features, [patches, hiddenSize of the tower], go to `cache`. Positions [patches, width] are added
 * to the keys alone.
 */
export function resamplerKeys(
  ops: Ops,
  weights: ResamplerWeights,
  features: Tensor,
  positions: Tensor,
  cache: LayerCache,
): void {
  const projected = layerNorm(ops, ops.linear(features, weights.kvProj), weights.kvNorm);
  const k = linear(ops, ops.add(projected, positions, 1), weights.kProj);
  const v = linear(ops, projected, weights.vProj);
  ops.appendKeys(k, v, cache);
}

/**
 * Records the second half: each learned query attends to the keys that stand in `cache` before the step's position. The
 * step's token ids are 0, 1, … numQueries − 1.
 *
 * Returns the rows that the language model takes in place of embeddings. [numQueries, width]
 */
export function resample(ops: Ops, weights: ResamplerWeights, cache: LayerCache): Tensor {
  let queries = layerNorm(ops, ops.embedding(weights.query, 1), weights.queryNorm);
  if (weights.positions) queries = ops.add(queries, ops.embedding(weights.positions, 1), 1);
  const q = linear(ops, queries, weights.qProj); // [numQueries, width], heads side by side
  const attended = ops.crossAttention(q, cache, cache.numKvHeads, 1 / Math.sqrt(cache.headDim));
  const normed = layerNorm(ops, linear(ops, attended, weights.oProj), weights.outNorm);
  return ops.linear(normed, weights.proj);
}
