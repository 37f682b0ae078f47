import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import { requiredTensors } from '../checkpoint/names';
import type { TestValue } from './ggufFile';
import { ggufFile } from './ggufFile';
import { miniTokenizer } from './miniTokenizer';
import { Random } from './random';
import type { TestTensor } from './safetensorsFile';
import { safetensorsFile } from './safetensorsFile';

/** config.json of a MiniCPM model of two layers that takes a few hundred kilobytes, with awkward sizes. */
export function tinyConfig(overrides: JsonObject = {}): JsonObject {
  return {
    architectures: ['MiniCPMForCausalLM'],
    model_type: 'minicpm',
    hidden_act: 'silu',
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 275,
    max_position_embeddings: 128,
    rms_norm_eps: 1e-5,
    scale_emb: 12,
    scale_depth: 1.4,
    dim_model_base: 32,
    bos_token_id: 1,
    eos_token_id: 2,
    ...overrides,
  };
}

const HUGGING_FACE_NAMES: Readonly<Record<string, string>> = {
  embedTokens: 'model.embed_tokens',
  norm: 'model.norm',
  lmHead: 'lm_head',
  inputLayernorm: 'input_layernorm',
  qProj: 'self_attn.q_proj',
  kProj: 'self_attn.k_proj',
  vProj: 'self_attn.v_proj',
  qAProj: 'self_attn.q_a_proj',
  qANorm: 'self_attn.q_a_layernorm',
  qBProj: 'self_attn.q_b_proj',
  kvAProj: 'self_attn.kv_a_proj_with_mqa',
  kvANorm: 'self_attn.kv_a_layernorm',
  kvBProj: 'self_attn.kv_b_proj',
  oProj: 'self_attn.o_proj',
  postAttentionLayernorm: 'post_attention_layernorm',
  gateProj: 'mlp.gate_proj',
  upProj: 'mlp.up_proj',
  downProj: 'mlp.down_proj',
};

const GGUF_NAMES: Readonly<Record<string, string>> = {
  embedTokens: 'token_embd',
  norm: 'output_norm',
  lmHead: 'output',
  inputLayernorm: 'attn_norm',
  qProj: 'attn_q',
  kProj: 'attn_k',
  vProj: 'attn_v',
  qAProj: 'attn_q_a',
  qANorm: 'attn_q_a_norm',
  qBProj: 'attn_q_b',
  kvAProj: 'attn_kv_a_mqa',
  kvANorm: 'attn_kv_a_norm',
  kvBProj: 'attn_kv_b',
  oProj: 'attn_output',
  postAttentionLayernorm: 'ffn_norm',
  gateProj: 'ffn_gate',
  upProj: 'ffn_up',
  downProj: 'ffn_down',
};

/** The random weights of the model that `config` describes, under our names; the same for the same seed. */
export function tinyWeights(config: JsonObject = tinyConfig(), seed = 1): TestTensor[] {
  const random = new Random(seed);
  return Array.from(requiredTensors(configFromJson(config, null)), ([name, shape]) => ({
    name,
    shape,
    values: random.floats(
      shape.reduce((product, size) => product * size, 1),
      0.1,
    ),
  }));
}

/** The same tensors under the names of Hugging Face checkpoints. */
export function huggingFaceTensors(weights: TestTensor[] = tinyWeights()): TestTensor[] {
  return weights.map((tensor) => ({ ...tensor, name: renamed(tensor.name, HUGGING_FACE_NAMES, 'model.layers') }));
}

/** The same tensors as GGUF's converter leaves them: other names, and interleaved heads in q and k. */
export function ggufTensors(config: JsonObject = tinyConfig(), weights = tinyWeights(config)): TestTensor[] {
  const { headDim } = configFromJson(config, null);
  return weights.map((tensor) => ({
    ...tensor,
    name: renamed(tensor.name, GGUF_NAMES, 'blk'),
    values: /[qk]Proj$/.test(tensor.name) ? interleaveHeads(tensor, headDim) : tensor.values,
  }));
}

function renamed(name: string, parts: Readonly<Record<string, string>>, layers: string): string {
  const [, index, part] = /^layers\.(\d+)\.(.+)$/.exec(name) ?? [];
  return index === undefined ? `${parts[name]}.weight` : `${layers}.${index}.${parts[part!]}.weight`;
}

/** Row j of a head goes to 2j, row j + headDim / 2 to 2j + 1. */
function interleaveHeads({ shape, values }: TestTensor, headDim: number): Float32Array {
  const columns = shape[1]!;
  const moved = new Float32Array(values.length);
  for (let row = 0; row < shape[0]!; row++) {
    const inHead = row % headDim;
    const half = headDim / 2;
    const target = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    moved.set(values.subarray(row * columns, (row + 1) * columns), target * columns);
  }
  return moved;
}

/** Metadata of the GGUF file of this model. */
export function tinyGgufMetadata(config: JsonObject = tinyConfig()): Record<string, TestValue> {
  const model = configFromJson(config, null);
  return {
    'general.architecture': { string: model.architecture },
    'minicpm.block_count': { u32: model.numLayers },
    'minicpm.context_length': { u32: model.maxPositions },
    'minicpm.embedding_length': { u32: model.hiddenSize },
    'minicpm.feed_forward_length': { u32: model.intermediateSize },
    'minicpm.attention.head_count': { u32: model.numHeads },
    'minicpm.attention.head_count_kv': { u32: model.numKvHeads },
    'minicpm.attention.layer_norm_rms_epsilon': { f32: model.rmsNormEps },
    'minicpm.embedding_scale': { f32: model.embeddingScale },
    'minicpm.residual_scale': { f32: model.residualScale },
    'minicpm.logit_scale': { f32: 1 / model.logitScale },
    'tokenizer.ggml.bos_token_id': { u32: 1 },
    'tokenizer.ggml.eos_token_id': { u32: 2 },
  };
}

/** The files of the model as a checkpoint for transformers, tokenizer included. */
export function tinyFolder(config: JsonObject = tinyConfig(), seed = 1): File[] {
  const { tokenizer, config: tokenizerConfig } = miniTokenizer();
  return [
    jsonFile('config.json', config),
    jsonFile('generation_config.json', { do_sample: true, temperature: 0.6, top_p: 0.9, eos_token_id: [2, 3] }),
    jsonFile('tokenizer.json', tokenizer),
    jsonFile('tokenizer_config.json', tokenizerConfig),
    testFile('model.safetensors', safetensorsFile(huggingFaceTensors(tinyWeights(config, seed)))),
  ];
}

/** The model as a GGUF file without a tokenizer. */
export function tinyGguf(config: JsonObject = tinyConfig(), seed = 1): File {
  return testFile('tiny.gguf', ggufFile(tinyGgufMetadata(config), ggufTensors(config, tinyWeights(config, seed))));
}

/** A JSON file. */
export function jsonFile(name: string, value: unknown): File {
  return testFile(name, new TextEncoder().encode(JSON.stringify(value)));
}

/** A file with a fixed date, so that equal contents are equal files. */
export function testFile(name: string, bytes: Uint8Array<ArrayBuffer>): File {
  return new File([bytes], name, { lastModified: 0 });
}
