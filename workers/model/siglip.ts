import type { VisionTowerConfig } from '../checkpoint/visionConfig';
import { VISION_NORM_EPS } from '../checkpoint/visionConfig';
import type { LayerCache, Ops, Tensor } from '../ops/graph';
import type { Linear, Norm, SiglipLayerWeights, SiglipWeights } from './visionWeights';

/** A SigLIP vision tower in device memory. */
export interface Siglip {
  config: VisionTowerConfig;
  weights: SiglipWeights;
}

/**
 * Records the forward pass of SigLIP (Zhai et al. 2023), a pre-norm vision transformer, on the patches of one tile:
 * [patches, 3 · patchSize²]. Positions come to each patch as rows of the learned table that the step's token ids pick, or
 * as mixtures of such rows where `positionMix` [patches, positionSide²] is given. Keys and values pass through `cache`.
 *
 * Returns the features after the last norm. [patches, hiddenSize]
 */
export function siglip(
  ops: Ops,
  { config, weights }: Siglip,
  patches: Tensor,
  positionMix: Tensor | null,
  cache: LayerCache,
): Tensor {
  const positions = positionMix ? ops.mixRows(positionMix, weights.positions) : ops.embedding(weights.positions, 1);
  let hiddenStates = ops.add(linear(ops, patches, weights.patchEmbedding), positions, 1);
  hiddenStates = encoderLayers(ops, config, weights.layers, cache, hiddenStates);
  return layerNorm(ops, hiddenStates, weights.norm);
}

/** Some of its layers in turn. [patches, hiddenSize] */
export function encoderLayers(
  ops: Ops,
  config: VisionTowerConfig,
  layers: readonly SiglipLayerWeights[],
  cache: LayerCache,
  hiddenStates: Tensor,
): Tensor {
  return layers.reduce((x, layer) => encoderLayer(ops, config, layer, cache, x), hiddenStates);
}

function encoderLayer(
  ops: Ops,
  { numHeads, activation }: VisionTowerConfig,
  layer: SiglipLayerWeights,
  cache: LayerCache,
  hiddenStates: Tensor,
): Tensor {
  let residual = hiddenStates;
  hiddenStates = layerNorm(ops, hiddenStates, layer.attentionNorm);
  const q = linear(ops, hiddenStates, layer.qProj); // [patches, hiddenSize], heads side by side
  const k = linear(ops, hiddenStates, layer.kProj);
  const v = linear(ops, hiddenStates, layer.vProj);
  const attended = ops.fullAttention(q, k, v, cache, numHeads, 1 / Math.sqrt(cache.headDim));
  hiddenStates = ops.add(residual, linear(ops, attended, layer.oProj), 1);

  residual = hiddenStates;
  hiddenStates = layerNorm(ops, hiddenStates, layer.mlpNorm);
  hiddenStates = ops.bias(ops.linear(hiddenStates, layer.fc1.weight), layer.fc1.bias, activation);
  return ops.add(residual, linear(ops, hiddenStates, layer.fc2), 1);
}

/** x · weightᵀ + bias. */
export function linear(ops: Ops, x: Tensor, { weight, bias }: Linear): Tensor {
  return ops.bias(ops.linear(x, weight), bias);
}

/** Layer norm with the eps of every release. */
export function layerNorm(ops: Ops, x: Tensor, { weight, bias }: Norm): Tensor {
  return ops.layerNorm(x, weight, bias, VISION_NORM_EPS);
}
