import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import type { TestValue } from './ggufFile';
import { safetensorsFile } from './safetensorsFile';
import { huggingFaceTensors, testFile, tinyConfig, tinyFolder, tinyWeights } from './tinyCheckpoint';

/** config.json of a MiniCPM3 of two layers that takes a few hundred kilobytes, with awkward sizes. */
export function tinyLatentConfig(overrides: JsonObject = {}): JsonObject {
  return tinyConfig({
    architectures: ['MiniCPM3ForCausalLM'],
    model_type: 'minicpm3',
    num_key_value_heads: 4,
    q_lora_rank: 40,
    kv_lora_rank: 20,
    qk_nope_head_dim: 12,
    qk_rope_head_dim: 8,
    ...overrides,
  });
}

/** Metadata of the GGUF file of this model: as llama.cpp writes them, without the three scales. */
export function tinyLatentMetadata(config: JsonObject = tinyLatentConfig()): Record<string, TestValue> {
  const model = configFromJson(config, null);
  const latent = model.latent!;
  return {
    'general.architecture': { string: 'minicpm3' },
    'minicpm3.block_count': { u32: model.numLayers },
    'minicpm3.context_length': { u32: model.maxPositions },
    'minicpm3.embedding_length': { u32: model.hiddenSize },
    'minicpm3.feed_forward_length': { u32: model.intermediateSize },
    'minicpm3.attention.head_count': { u32: model.numHeads },
    'minicpm3.attention.head_count_kv': { u32: model.numHeads },
    'minicpm3.attention.layer_norm_rms_epsilon': { f32: model.rmsNormEps },
    'minicpm3.attention.q_lora_rank': { u32: latent.queryRank },
    'minicpm3.attention.kv_lora_rank': { u32: latent.rank },
    'minicpm3.attention.key_length': { u32: latent.contentDim + latent.ropeDim },
    'minicpm3.rope.dimension_count': { u32: latent.ropeDim },
    'tokenizer.ggml.bos_token_id': { u32: 1 },
    'tokenizer.ggml.eos_token_id': { u32: 2 },
  };
}

/**
 * Its files as a checkpoint for transformers. Weights are such that what attention gives weighs in the logits: norms about one,
 * matrices large.
 */
export function tinyLatentFolder(config: JsonObject): File[] {
  const weights = tinyWeights(config).map((tensor) => {
    const isNorm = tensor.shape.length === 1;
    return { ...tensor, values: tensor.values.map((value) => (isNorm ? 1 + value : 2.5 * value)) };
  });
  const others = tinyFolder(config).filter(({ name }) => name !== 'model.safetensors');
  return [...others, testFile('model.safetensors', safetensorsFile(huggingFaceTensors(weights)))];
}
