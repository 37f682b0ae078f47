import { requiredTensors } from '../checkpoint/names';
import type { ModelConfig } from '../checkpoint/modelConfig';
import { kvCacheBytes } from '../memory/kvCacheBytes';
import type { KvCacheFormat } from '../protocol/loading';

/** Keys that fill the tiles of any cache layout. */
const WHOLE_KEYS = 1024;

/** Weights of a model, each counted once. */
export function parameters(config: ModelConfig): number {
  return [...requiredTensors(config).values()].reduce((sum, [rows, columns = 1]) => sum + rows * columns, 0);
}

/**
 * Floating point operations of reading a prompt: two per weight of the layers and token, 4 · numHeads · headDim per
 * layer and pair of query and key, and the head on the last token only. Norms and the like are too few to count.
 */
export function prefillOperations(config: ModelConfig, tokens: number): number {
  const pairs = (tokens * (tokens + 1)) / 2;
  return 2 * layerWeights(config) * tokens + attentionOperations(config, pairs) + 2 * headWeights(config);
}

/** Floating point operations of writing one token with `keys` keys in the cache, its own included. */
export function decodeOperations(config: ModelConfig, keys: number): number {
  return 2 * (layerWeights(config) + headWeights(config)) + attentionOperations(config, keys);
}

/** Bytes of cache that writing one token reads. */
export function cacheBytesRead(config: ModelConfig, format: KvCacheFormat, keys: number): number {
  const bytesPerKey = kvCacheBytes(format, config.numKvHeads, WHOLE_KEYS, config.headDim) / WHOLE_KEYS;
  return 2 * config.numLayers * bytesPerKey * keys;
}

function attentionOperations({ numLayers, numHeads, headDim }: ModelConfig, pairs: number): number {
  return 4 * numLayers * numHeads * headDim * pairs;
}

function headWeights({ vocabSize, hiddenSize }: ModelConfig): number {
  return vocabSize * hiddenSize;
}

function layerWeights({ numLayers, hiddenSize, intermediateSize, numHeads, numKvHeads, headDim }: ModelConfig): number {
  const attention = 2 * hiddenSize * headDim * (numHeads + numKvHeads);
  return numLayers * (attention + 3 * hiddenSize * intermediateSize);
}
