import type { ModelConfig } from '../checkpoint/modelConfig';
import type { FeatureRows, LayerCache, LayerMemory, Ops, RopeTable, Tensor } from '../ops/graph';
import { deltaNet } from './deltaNet';
import { gatedAttention } from './gatedAttention';
import { latentAttention } from './latentAttention';
import type { AttentionWeights, LanguageModelWeights, LayerWeights } from './weights';

/**
 * A language model in device memory. Llama is the same network with all three scalars equal to one; MiniCPM3 is a MiniCPM,
 * and Qwen3.5 a Llama, but for how their layers mix tokens.
 */
export interface MiniCpm {
  config: ModelConfig;
  weights: LanguageModelWeights;
}

/**
 * Records the forward pass of MiniCPM (Hu et al. 2024, "MiniCPM: Unveiling the Potential of Small Language Models"), of
 * MiniCPM3, of Llama and of Qwen3.5. `memory` is what each layer keeps. One recording serves prefill and decode: the step says how many rows are in use and where they stand.
 *
 * Token ids behind the vocabulary stand for rows of `features`, which MiniCPM-V has in place of embeddings, unscaled.
 *
 * Returns the logits: of the last row in use, [1, vocabSize], or of all rows, [rows, vocabSize].
 */
export function forward(
  ops: Ops,
  { config, weights }: MiniCpm,
  memory: LayerMemory[],
  positions: 'last' | 'all' = 'last',
  features: FeatureRows | null = null,
): Tensor {
  let hiddenStates = ops.embedding(weights.embedTokens, config.embeddingScale, features); // [rows, hiddenSize]
  for (const [i, layer] of weights.layers.entries()) {
    hiddenStates = decoderLayer(ops, config, layer, weights, memory[i]!, hiddenStates);
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
  memory: LayerMemory,
  hiddenStates: Tensor,
): Tensor {
  let residual = hiddenStates;
  hiddenStates = ops.rmsNorm(hiddenStates, layer.inputLayernorm, config.rmsNormEps);
  hiddenStates = ops.add(residual, mixed(ops, config, layer, rope, memory, hiddenStates), config.residualScale);

  residual = hiddenStates;
  hiddenStates = ops.rmsNorm(hiddenStates, layer.postAttentionLayernorm, config.rmsNormEps);
  const activated = ops.swiglu(ops.linear(hiddenStates, layer.gateProj), ops.linear(hiddenStates, layer.upProj));
  return ops.add(residual, ops.linear(activated, layer.downProj), config.residualScale);
}

function mixed(
  ops: Ops,
  config: ModelConfig,
  { mixer }: LayerWeights,
  rope: RopeTable,
  memory: LayerMemory,
  hiddenStates: Tensor,
): Tensor {
  if (mixer.kind === 'delta-net') {
    if ('keys' in memory) throw new TypeError('a layer with a recurrent state was given a cache of keys');
    return deltaNet(ops, mixer, config.rmsNormEps, memory, hiddenStates);
  }
  if (!('keys' in memory)) throw new TypeError('a layer that attends was given a recurrent state');
  switch (mixer.kind) {
    case 'attention':
      return attention(ops, config, mixer, rope, memory, hiddenStates);
    case 'gated-attention':
      return gatedAttention(ops, config, mixer, rope, memory, hiddenStates);
    case 'latent-attention':
      return latentAttention(ops, config.numHeads, mixer, rope, memory, hiddenStates);
  }
}

function attention(
  ops: Ops,
  { numHeads, numKvHeads, headDim }: ModelConfig,
  { qProj, kProj, vProj, oProj }: AttentionWeights,
  rope: RopeTable,
  cache: LayerCache,
  hiddenStates: Tensor,
): Tensor {
  const q = ops.rope(ops.linear(hiddenStates, qProj), rope, numHeads); // [rows, numHeads · headDim]
  const k = ops.rope(ops.linear(hiddenStates, kProj), rope, numKvHeads); // [rows, numKvHeads · headDim]
  const v = ops.linear(hiddenStates, vProj);
  return ops.linear(ops.attention(q, k, v, cache, numHeads, 1 / Math.sqrt(headDim)), oProj);
}
