import type { ModelConfig } from '../checkpoint/modelConfig';
import type { LayerCache, Ops, RopeTable, Tensor } from '../ops/graph';
import type { GatedAttentionWeights } from './weights';

/**
 * Records the attention of Qwen3.5 (transformers' modeling_qwen3_5.py): heads of queries and keys are normed, the first
 * channels of each rotate, and what a head gives is multiplied by the sigmoid of a gate that comes with its query.
 */
export function gatedAttention(
  ops: Ops,
  { numHeads, numKvHeads, headDim, rmsNormEps }: ModelConfig,
  weights: GatedAttentionWeights,
  rope: RopeTable,
  cache: LayerCache,
  hiddenStates: Tensor,
): Tensor {
  const queries = ops.linear(hiddenStates, weights.qProj); // [rows, numHeads · 2 · headDim]
  const inQueries = { numHeads, headDim, start: 0, stride: 2 * headDim };
  const gates = { ...inQueries, start: headDim };
  const inKeys = { numHeads: numKvHeads, headDim, start: 0, stride: headDim };
  const normedQueries = ops.headNorm(queries, weights.qNorm, rmsNormEps, inQueries); // [rows, numHeads · headDim]
  const normedKeys = ops.headNorm(ops.linear(hiddenStates, weights.kProj), weights.kNorm, rmsNormEps, inKeys);
  const q = ops.rope(normedQueries, rope, numHeads, headDim);
  const k = ops.rope(normedKeys, rope, numKvHeads, headDim); // [rows, numKvHeads · headDim]
  const v = ops.linear(hiddenStates, weights.vProj);
  const attended = ops.attention(q, k, v, cache, numHeads, 1 / Math.sqrt(headDim));
  return ops.linear(ops.gateHeads(attended, queries, 'sigmoid', gates), weights.oProj);
}
