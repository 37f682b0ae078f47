import { engineError } from '../errors';
import { deltaChannels } from '../memory/recurrentStateBytes';
import type { HybridConfig } from './hybridConfig';
import type { LatentConfig, ModelConfig } from './modelConfig';
import { requiredVisionTensors } from './visionTensors';

/** How a kind of file names and orders the tensors of a model. */
export interface NamingScheme {
  /** Our name for a tensor of the file; null for one that is known and not needed. Throws for all others. */
  target(name: string, config: ModelConfig, place: string): string | null;
  hasInterleavedHeads(target: string): boolean;
  /** Whether the file holds columns where the engine wants rows; never where absent. */
  isTransposed?(target: string): boolean;
  /** What the numbers of a vector of the file must go through; nothing where absent or null. */
  adjustment?(target: string, config: ModelConfig): Adjustment | null;
}

/** 'plus-one': a gain is kept without the one in it. 'minus-exponential': of a rate below zero, the logarithm of its size. */
export type Adjustment = 'plus-one' | 'minus-exponential';

/** Every tensor of a model under our names with its shape: [rows, columns] of a matrix, [length] of a vector. */
export function requiredTensors(config: ModelConfig): Map<string, [number, number] | [number]> {
  const { hiddenSize, intermediateSize, numLayers, vocabSize, hybrid } = config;
  const tensors = new Map<string, [number, number] | [number]>([['embedTokens', [vocabSize, hiddenSize]]]);
  for (let i = 0; i < numLayers; i++) {
    tensors.set(`layers.${i}.inputLayernorm`, [hiddenSize]);
    const mixer = hybrid?.layerKinds[i] === 'delta-net' ? deltaNetTensors(config, hybrid) : attentionTensors(config);
    for (const [name, shape] of Object.entries(mixer)) tensors.set(`layers.${i}.${name}`, shape);
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

type Shapes = Record<string, [number, number] | [number]>;

function attentionTensors(config: ModelConfig): Shapes {
  const { hiddenSize, numHeads, numKvHeads, headDim, hybrid, latent } = config;
  if (latent) return latentTensors(config, latent);
  const queryRows = numHeads * headDim;
  const keyValueRows = numKvHeads * headDim;
  const attention: Shapes = {
    // Of a hybrid, each head's query is followed by its gate.
    qProj: [(hybrid ? 2 : 1) * queryRows, hiddenSize],
    kProj: [keyValueRows, hiddenSize],
    vProj: [keyValueRows, hiddenSize],
    oProj: [hiddenSize, queryRows],
  };
  return hybrid ? { ...attention, qNorm: [headDim], kNorm: [headDim] } : attention;
}

/** Rows of `kvAProj` are the latent vector, then the key that rotates; of `kvBProj`, head by head, its key and its value. */
function latentTensors({ hiddenSize, numHeads }: ModelConfig, latent: LatentConfig): Shapes {
  const { queryRank, rank, contentDim, ropeDim, valueDim } = latent;
  return {
    qAProj: [queryRank, hiddenSize],
    qANorm: [queryRank],
    qBProj: [numHeads * (contentDim + ropeDim), queryRank],
    kvAProj: [rank + ropeDim, hiddenSize],
    kvANorm: [rank],
    kvBProj: [numHeads * (contentDim + valueDim), rank],
    oProj: [hiddenSize, numHeads * valueDim],
  };
}

function deltaNetTensors({ hiddenSize }: ModelConfig, { delta }: HybridConfig): Shapes {
  const { numValueHeads, valueHeadDim, taps } = delta;
  const channels = deltaChannels(delta);
  const valueRows = numValueHeads * valueHeadDim;
  return {
    qkvProj: [channels, hiddenSize],
    convolution: [channels * taps],
    outputGateProj: [valueRows, hiddenSize],
    decayProj: [numValueHeads, hiddenSize],
    betaProj: [numValueHeads, hiddenSize],
    decayRate: [numValueHeads],
    decayBias: [numValueHeads],
    valueNorm: [valueHeadDim],
    outProj: [hiddenSize, valueRows],
  };
}

const HUGGING_FACE_LAYER: Readonly<Record<string, string>> = {
  'input_layernorm.weight': 'inputLayernorm',
  'self_attn.q_proj.weight': 'qProj',
  'self_attn.k_proj.weight': 'kProj',
  'self_attn.v_proj.weight': 'vProj',
  'self_attn.o_proj.weight': 'oProj',
  'self_attn.q_norm.weight': 'qNorm',
  'self_attn.k_norm.weight': 'kNorm',
  'self_attn.q_a_proj.weight': 'qAProj',
  'self_attn.q_a_layernorm.weight': 'qANorm',
  'self_attn.q_b_proj.weight': 'qBProj',
  'self_attn.kv_a_proj_with_mqa.weight': 'kvAProj',
  'self_attn.kv_a_layernorm.weight': 'kvANorm',
  'self_attn.kv_b_proj.weight': 'kvBProj',
  'linear_attn.in_proj_qkv.weight': 'qkvProj',
  'linear_attn.conv1d.weight': 'convolution',
  'linear_attn.in_proj_z.weight': 'outputGateProj',
  'linear_attn.in_proj_a.weight': 'decayProj',
  'linear_attn.in_proj_b.weight': 'betaProj',
  'linear_attn.A_log': 'decayRate',
  'linear_attn.dt_bias': 'decayBias',
  'linear_attn.norm.weight': 'valueNorm',
  'linear_attn.out_proj.weight': 'outProj',
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

/** The gains of a Qwen3.5 are kept without the one in them, but for that of the gated norm. */
const PLUS_ONE = /(?:^norm|\.(?:inputLayernorm|postAttentionLayernorm|qNorm|kNorm))$/;

/** Tensor names of MiniCPM, MiniCPM3, Llama and Qwen3.5 checkpoints for transformers. */
export const huggingFaceNames: NamingScheme = {
  target(name, config, place) {
    // Rotary frequencies are computed from the configuration; a tied head is a copy of the embedding.
    if (name.endsWith('.rotary_emb.inv_freq')) return null;
    if (name === 'lm_head.weight' && config.tieWordEmbeddings) return null;
    // Layers that guess several tokens at once, which a Qwen3.5 brings along.
    if (config.hybrid && name.startsWith('mtp.')) return null;
    const layer = /^model\.layers\.(\d{1,4})\.(.+)$/.exec(name);
    return ourName(HUGGING_FACE_ENDS, HUGGING_FACE_LAYER, name, layer) ?? refuse(name, place);
  },
  hasInterleavedHeads: () => false,
  adjustment(target, { hybrid }) {
    if (!hybrid) return null;
    if (target.endsWith('.decayRate')) return 'minus-exponential';
    return PLUS_ONE.test(target) ? 'plus-one' : null;
  },
};

const GGUF_LAYER: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'inputLayernorm',
  'attn_q.weight': 'qProj',
  'attn_k.weight': 'kProj',
  'attn_v.weight': 'vProj',
  'attn_q_a.weight': 'qAProj',
  'attn_q_a_norm.weight': 'qANorm',
  'attn_q_b.weight': 'qBProj',
  'attn_kv_a_mqa.weight': 'kvAProj',
  'attn_kv_a_norm.weight': 'kvANorm',
  'attn_kv_b.weight': 'kvBProj',
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
 * j + headDim / 2 of every head of q and k next to each other (LlamaModel.permute), and `minicpm3`, which has no matrices
 * of these names and whose rows stay where they are.
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
