import type { ModelConfig } from '../checkpoint/modelConfig';
import type { FeatureRows, LayerCache, Ops, Tensor } from '../ops/graph';
import type { LanguageModelWeights, LayerWeights } from './weights';

/** A language model in device memory. Llama is the same network with all three scalars equal to one. */
export interface MiniCpm {
  config: ModelConfig;
  weights: LanguageModelWeights;
}

/**
 * Records the forward pass of MiniCPM (Hu et al. 2024, "MiniCPM: Unveiling the Potential of Small Language Models") and
 * of Llama. One recording serves prefill and decode: the step says how many rows are in use and where they stand.
 *
 * Token ids behind the vocabulary stand for rows of `features`, which MiniCPM-V has in place of embeddings, unscaled.
 *
 * Returns the logits: of the last row in use, [1, vocabSize], or of all rows, [rows, vocabSize].
 */
export function forward(
  ops: Ops,
  { config, weights }: MiniCpm,
  cache: LayerCache[],
  positions: 'last' | 'all' = 'last',
  features: FeatureRows | null = null,
): Tensor {
  let hiddenStates = ops.embedding(weights.embedTokens, config.embeddingScale, features); // [rows, hiddenSize]
  for (const [i, layer] of weights.layers.entries()) {
    hiddenStates = decoderLayer(ops, config, layer, weights, cache[i]!, hiddenStates);
  }
  if (positions === 'last') hiddenStates = ops.lastRow(hiddenStates); // [1, hiddenSize]
  hiddenStates = ops.rmsNorm(hiddenStates, weights.norm, config.rmsNormEps);
  if (config.logitScale !== 1) hiddenStates = ops.scale(hiddenStates, config.logitScale);
  return ops.linear(hiddenStates, weights.lmHead);
}

function decoderLayer(
  ops: Ops,
  config: ModelConfig,
  layer: LayerWeights,
  { rope }: LanguageModelWeights,
  cache: LayerCache,
  hiddenStates: Tensor,
): Tensor {
  let residual = hiddenStates;
  hiddenStates = ops.rmsNorm(hiddenStates, layer.inputLayernorm, config.rmsNormEps);
  const q = ops.rope(ops.linear(hiddenStates, layer.qProj), rope, config.numHeads); // [rows, numHeads · headDim]
  const k = ops.rope(ops.linear(hiddenStates, layer.kProj), rope, config.numKvHeads); // [rows, numKvHeads · headDim]
  const v = ops.linear(hiddenStates, layer.vProj);
  const attended = ops.attention(q, k, v, cache, config.numHeads, 1 / Math.sqrt(config.headDim));
  hiddenStates = ops.add(residual, ops.linear(attended, layer.oProj), config.residualScale);

  residual = hiddenStates;
  hiddenStates = ops.rmsNorm(hiddenStates, layer.postAttentionLayernorm, config.rmsNormEps);
  const activated = ops.swiglu(ops.linear(hiddenStates, layer.gateProj), ops.linear(hiddenStates, layer.upProj));
  return ops.add(residual, ops.linear(activated, layer.downProj), config.residualScale);
}
