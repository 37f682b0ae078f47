import type { LayerCache, Ops, RopeTable, Tensor } from '../ops/graph';
import type { LatentAttentionWeights } from './weights';

/** The authors' code (modeling_minicpm.py of MiniCPM3) leaves it at its norm's default, whatever the configuration says. */
const NORM_EPS = 1e-6;

/**
 * Records the attention of MiniCPM3: multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 §2.1). A token is kept as a
 * latent and a key that rotates, both for all heads. `kvBProj`, which would make keys and values of a head out of the latent,
 * is applied to its queries and to its results instead, so the latent itself is what all heads attend to.
 */
export function latentAttention(
  ops: Ops,
  numHeads: number,
  weights: LatentAttentionWeights,
  rope: RopeTable,
  cache: LayerCache,
  hiddenStates: Tensor,
): Tensor {
  const { latent, kvBProj } = weights;
  const heads = { numHeads, ...latent };
  const normed = ops.rmsNorm(ops.linear(hiddenStates, weights.qAProj), weights.qANorm, NORM_EPS); // [rows, queryRank]
  const queries = ops.latentQueries(ops.linear(normed, weights.qBProj), kvBProj, heads);
  const key = ops.latentKey(ops.linear(hiddenStates, weights.kvAProj), weights.kvANorm, NORM_EPS, heads);
  const q = ops.rope(queries, rope, numHeads, cache.headDim); // [rows, numHeads · (ropeDim + rank)]
  const k = ops.rope(key, rope, 1, cache.headDim); // [rows, ropeDim + rank]
  const scale = 1 / Math.sqrt(latent.contentDim + latent.ropeDim);
  // Of the values, only the latent is used.
  const attended = ops.attention(q, k, key, cache, numHeads, scale);
  return ops.linear(ops.latentValues(attended, kvBProj, heads), weights.oProj);
}
