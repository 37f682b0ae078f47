import { engineError } from '../errors';
import type { ModelConfig } from './modelConfig';
import { requiredVisionTensors } from './visionTensors';

/** How a kind of file names and orders the tensors of a model. */
export interface NamingScheme {
  /** Our name for a tensor of the file; null for one that is known and not needed. Throws for all others. */
  target(name: string, config: ModelConfig, place: string): string | null;
  hasInterleavedHeads(target: string): boolean;
  /** Whether the file holds columns where the engine wants rows; never where absent. */
  isTransposed?(target: string): boolean;
}

/** Every tensor of a model under our names with its shape: [rows, columns] of a matrix, [length] of a vector. */
export function requiredTensors(config: ModelConfig): Map<string, [number, number] | [number]> {
  const { hiddenSize, intermediateSize, numLayers, vocabSize } = config;
  const queryRows = config.numHeads * config.headDim;
  const keyValueRows = config.numKvHeads * config.headDim;
  const tensors = new Map<string, [number, number] | [number]>([['embedTokens', [vocabSize, hiddenSize]]]);
  for (let i = 0; i < numLayers; i++) {
    tensors.set(`layers.${i}.inputLayernorm`, [hiddenSize]);
    tensors.set(`layers.${i}.qProj`, [queryRows, hiddenSize]);
    tensors.set(`layers.${i}.kProj`, [keyValueRows, hiddenSize]);
    tensors.set(`layers.${i}.vProj`, [keyValueRows, hiddenSize]);
    tensors.set(`layers.${i}.oProj`, [hiddenSize, queryRows]);
    tensors.set(`layers.${i}.postAttentionLayernorm`, [hiddenSize]);
    tensors.set(`layers.${i}.gateProj`, [intermediateSize, hiddenSize]);
    tensors.set(`layers.${i}.upProj`, [intermediateSize, hiddenSize]);
    tensors.set(`layers.${i}.downProj`, [hiddenSize, intermediateSize]);
  }
  tensors.set('norm', [hiddenSize]);
  if (!config.tieWordEmbeddings) tensors.set('lmHead', [vocabSize, hiddenSize]);
  if (config.vision)
    requiredVisionTensors(config.vision, hiddenSize).forEach((shape, name) => tensors.set(name, shape));
  return tensors;
}

const HUGGING_FACE_LAYER: Readonly<Record<string, string>> = {
  'input_layernorm.weight': 'inputLayernorm',
  'self_attn.q_proj.weight': 'qProj',
  'self_attn.k_proj.weight': 'kProj',
  'self_attn.v_proj.weight': 'vProj',
  'self_attn.o_proj.weight': 'oProj',
  'post_attention_layernorm.weight': 'postAttentionLayernorm',
  'mlp.gate_proj.weight': 'gateProj',
  'mlp.up_proj.weight': 'upProj',
  'mlp.down_proj.weight': 'downProj',
};

const HUGGING_FACE_ENDS: Readonly<Record<string, string>> = {
  'model.embed_tokens.weight': 'embedTokens',
  'model.norm.weight': 'norm',
  'lm_head.weight': 'lmHead',
};

/** Tensor names of MiniCPM and Llama checkpoints for transformers. */
export const huggingFaceNames: NamingScheme = {
  target(name, config, place) {
    // Rotary frequencies are computed from the configuration; a tied head is a copy of the embedding.
    if (name.endsWith('.rotary_emb.inv_freq')) return null;
    if (name === 'lm_head.weight' && config.tieWordEmbeddings) return null;
    const layer = /^model\.layers\.(\d{1,4})\.(.+)$/.exec(name);
    return ourName(HUGGING_FACE_ENDS, HUGGING_FACE_LAYER, name, layer) ?? refuse(name, place);
  },
  hasInterleavedHeads: () => false,
};

const GGUF_LAYER: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'inputLayernorm',
  'attn_q.weight': 'qProj',
  'attn_k.weight': 'kProj',
  'attn_v.weight': 'vProj',
  'attn_output.weight': 'oProj',
  'ffn_norm.weight': 'postAttentionLayernorm',
  'ffn_gate.weight': 'gateProj',
  'ffn_up.weight': 'upProj',
  'ffn_down.weight': 'downProj',
};

const GGUF_ENDS: Readonly<Record<string, string>> = {
  'token_embd.weight': 'embedTokens',
  'output_norm.weight': 'norm',
  'output.weight': 'lmHead',
};

/** LongRoPE's factors in a GGUF file: part of the configuration, not of the weights. */
export const GGUF_ROPE_FACTORS = { long: 'rope_factors_long.weight', short: 'rope_factors_short.weight' } as const;

/**
 * Tensor names of GGUF files of the architectures `minicpm` and `llama`, whose converter moves rows j and
 * j + headDim / 2 of every head of q and k next to each other (LlamaModel.permute).
 */
export const ggufNames: NamingScheme = {
  target(name, _config, place) {
    if (name === GGUF_ROPE_FACTORS.long || name === GGUF_ROPE_FACTORS.short) return null;
    const layer = /^blk\.(\d{1,4})\.(.+)$/.exec(name);
    return ourName(GGUF_ENDS, GGUF_LAYER, name, layer) ?? refuse(name, place);
  },
  hasInterleavedHeads: (target) => target.endsWith('.qProj') || target.endsWith('.kProj'),
};

function ourName(
  ends: Readonly<Record<string, string>>,
  layerParts: Readonly<Record<string, string>>,
  name: string,
  layer: RegExpExecArray | null,
): string | null {
  if (Object.hasOwn(ends, name)) return ends[name]!;
  if (!layer || !Object.hasOwn(layerParts, layer[2]!)) return null;
  return `layers.${Number(layer[1])}.${layerParts[layer[2]!]!}`;
}

function refuse(name: string, place: string): never {
  if (name.endsWith('.bias'))
    throw engineError('UnsupportedError', `${place}: linear layers with a bias are not supported.`);
  throw engineError('UnsupportedError', `${place}: the engine does not know what this tensor is for.`);
}
