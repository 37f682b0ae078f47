import type { MergingVision } from '../checkpoint/visionConfig';
import { MERGED_ROWS } from '../checkpoint/visionTensors';
import type { LayerCache, Ops, Tensor } from '../ops/graph';
import { encoderLayers, layerNorm, linear } from './siglip';
import type { MergerWeights, MergingWeights } from './visionWeights';

/** The vision tower of MiniCPM-V 4.6 (transformers' modeling_minicpmv4_6.py) in device memory. */
export interface MergingTower {
  config: MergingVision;
  weights: MergingWeights;
}

/**
 * Records SigLIP on the patches of a tile, [patches, 3 · patchSize²] in the order of windows, up to the merger within it,
 * windows attending to themselves included; or all of it, where nothing merges within. Positions are rows of the learned
 * table that the step's token ids pick.
 *
 * Returns [patches, hiddenSize].
 */
export function unmergedTower(
  ops: Ops,
  { config, weights: { tower, merger } }: MergingTower,
  patches: Tensor,
  cache: LayerCache,
): Tensor {
  const positions = ops.embedding(tower.positions, 1);
  const embedded = ops.add(linear(ops, patches, tower.patchEmbedding), positions, 1);
  const layers = tower.layers.slice(0, merger ? config.insertLayer! + 1 : undefined);
  const hiddenStates = encoderLayers(ops, config.tower, layers, cache, embedded);
  if (!merger) return layerNorm(ops, hiddenStates, tower.norm);
  return ops.add(hiddenStates, windowAttention(ops, merger, config.tower.numHeads, cache.headDim, hiddenStates), 1);
}

/**
 * Records the rest: each four rows become one, their mean plus what an MLP makes of all four, and go through the layers
 * behind the merger.
 *
 * Returns the features after the last norm. [rows, hiddenSize], rows a quarter of those of `windows`.
 */
export function mergedTower(
  ops: Ops,
  { config, weights: { tower, merger } }: MergingTower,
  windows: Tensor,
  cache: LayerCache,
): Tensor {
  const { hiddenSize } = config.tower;
  const stacked = layerNorm(ops, ops.stackRows(windows, MERGED_ROWS, hiddenSize), merger!.mlpNorm);
  const activated = ops.bias(ops.linear(stacked, merger!.fc1.weight), merger!.fc1.bias, 'gelu-tanh');
  const merged = ops.add(ops.averageRows(windows, MERGED_ROWS), linear(ops, activated, merger!.fc2), 1);
  const layers = tower.layers.slice(config.insertLayer! + 1);
  return layerNorm(ops, encoderLayers(ops, config.tower, layers, cache, merged), tower.norm);
}

/**
 * Records the connector: an MLP on each four of the tower's features.
 *
 * Returns the rows that the language model takes in place of embeddings. [rows, hidden size of the language model]
 */
export function projectMerged(ops: Ops, { config, weights: { connector } }: MergingTower, features: Tensor): Tensor {
  const stacked = layerNorm(ops, ops.stackRows(features, MERGED_ROWS, config.tower.hiddenSize), connector.mlpNorm);
  const activated = ops.bias(ops.linear(stacked, connector.fc1.weight), connector.fc1.bias, 'gelu');
  return linear(ops, activated, connector.fc2);
}

function windowAttention(
  ops: Ops,
  merger: MergerWeights,
  numHeads: number,
  headDim: number,
  hiddenStates: Tensor,
): Tensor {
  const normed = layerNorm(ops, hiddenStates, merger.attentionNorm);
  const [q, k, v] = [
    linear(ops, normed, merger.qProj),
    linear(ops, normed, merger.kProj),
    linear(ops, normed, merger.vProj),
  ];
  return linear(ops, ops.windowAttention(q, k, v, numHeads, headDim), merger.oProj);
}
