import type { JsonObject } from '../checkpoint/json';
import type { TestTensor } from './safetensorsFile';
import { safetensorsFile } from './safetensorsFile';
import { jsonFile, testFile, tinyConfig, tinyFolder, tinyWeights } from './tinyCheckpoint';

/** config.json of a Qwen3.5 of four layers that takes a few hundred kilobytes, with awkward sizes. */
export function tinyHybridConfig(overrides: JsonObject = {}): JsonObject {
  const { hidden_size, intermediate_size, vocab_size, bos_token_id, eos_token_id } = tinyConfig();
  return {
    architectures: ['Qwen3_5ForCausalLM'],
    model_type: 'qwen3_5_text',
    hidden_act: 'silu',
    hidden_size,
    intermediate_size,
    vocab_size,
    bos_token_id,
    eos_token_id,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 24,
    linear_num_key_heads: 2,
    linear_num_value_heads: 4,
    linear_key_head_dim: 12,
    linear_value_head_dim: 20,
    linear_conv_kernel_dim: 4,
    layer_types: ['linear_attention', 'full_attention', 'linear_attention', 'linear_attention'],
    max_position_embeddings: 512,
    rms_norm_eps: 1e-6,
    rope_parameters: { partial_rotary_factor: 0.25, rope_theta: 10_000, rope_type: 'default' },
    tie_word_embeddings: true,
    ...overrides,
  };
}

/** config.json of a MiniCPM-V 4.6 with that language model: tiles of about 32 pixels, patches of 4. */
export function tinyMergingConfig(overrides: JsonObject = {}): JsonObject {
  return {
    architectures: ['MiniCPMV4_6ForConditionalGeneration'],
    model_type: 'minicpmv4_6',
    tie_word_embeddings: true,
    insert_layer_id: 0,
    text_config: tinyHybridConfig(),
    vision_config: {
      hidden_size: 40,
      intermediate_size: 56,
      num_hidden_layers: 3,
      num_attention_heads: 2,
      image_size: 28,
      patch_size: 4,
    },
    ...overrides,
  };
}

const PREPROCESSOR = { scale_resolution: 32, max_slice_nums: 4, patch_size: 4 };

const LANGUAGE: Readonly<Record<string, string>> = {
  embedTokens: 'embed_tokens.weight',
  norm: 'norm.weight',
  inputLayernorm: 'input_layernorm.weight',
  postAttentionLayernorm: 'post_attention_layernorm.weight',
  gateProj: 'mlp.gate_proj.weight',
  upProj: 'mlp.up_proj.weight',
  downProj: 'mlp.down_proj.weight',
  qProj: 'self_attn.q_proj.weight',
  kProj: 'self_attn.k_proj.weight',
  vProj: 'self_attn.v_proj.weight',
  oProj: 'self_attn.o_proj.weight',
  qNorm: 'self_attn.q_norm.weight',
  kNorm: 'self_attn.k_norm.weight',
  qkvProj: 'linear_attn.in_proj_qkv.weight',
  convolution: 'linear_attn.conv1d.weight',
  outputGateProj: 'linear_attn.in_proj_z.weight',
  decayProj: 'linear_attn.in_proj_a.weight',
  betaProj: 'linear_attn.in_proj_b.weight',
  decayRate: 'linear_attn.A_log',
  decayBias: 'linear_attn.dt_bias',
  valueNorm: 'linear_attn.norm.weight',
  outProj: 'linear_attn.out_proj.weight',
};

const VISION: Readonly<Record<string, string>> = {
  patchEmbedding: 'vision_tower.embeddings.patch_embedding',
  positions: 'vision_tower.embeddings.position_embedding',
  norm: 'vision_tower.post_layernorm',
  attentionNorm: 'layer_norm1',
  mlpNorm: 'layer_norm2',
  qProj: 'self_attn.q_proj',
  kProj: 'self_attn.k_proj',
  vProj: 'self_attn.v_proj',
  oProj: 'self_attn.out_proj',
  fc1: 'mlp.fc1',
  fc2: 'mlp.fc2',
};

/** The mergers call their MLPs otherwise. */
const MLP: Readonly<Record<string, string>> = { mlpNorm: 'pre_norm', fc1: 'linear_1', fc2: 'linear_2' };

/** The files of the language model alone as a checkpoint for transformers, random weights and tokenizer included. */
export function tinyHybridFolder(config: JsonObject = tinyHybridConfig()): File[] {
  return folder(config, languageTensors(tinyWeights(config), 'model.'));
}

/** The files of the model with eyes: its language model is that of `tinyHybridFolder`, weight by weight. */
export function tinyMergingFolder(config: JsonObject = tinyMergingConfig()): File[] {
  // A random number for each weight, in order: those of the language model come first.
  const weights = tinyWeights(config);
  const isVision = ({ name }: TestTensor) => name.startsWith('vision.');
  const tensors = [
    ...languageTensors(
      weights.filter((tensor) => !isVision(tensor)),
      'model.language_model.',
    ),
    ...weights.filter(isVision).map((tensor) => ({ ...tensor, name: visionName(tensor.name) })),
  ];
  return [...folder(config, tensors), jsonFile('preprocessor_config.json', PREPROCESSOR)];
}

function folder(config: JsonObject, tensors: TestTensor[]): File[] {
  const others = tinyFolder().filter(({ name }) => name !== 'config.json' && name !== 'model.safetensors');
  return [...others, jsonFile('config.json', config), testFile('model.safetensors', safetensorsFile(tensors))];
}

function languageTensors(weights: TestTensor[], prefix: string): TestTensor[] {
  return weights.map((tensor) => {
    const [, layer, part] = /^layers\.(\d+)\.(.+)$/.exec(tensor.name) ?? [];
    const name = part === undefined ? LANGUAGE[tensor.name]! : `layers.${layer}.${LANGUAGE[part]}`;
    const shape = part === 'convolution' ? [tensor.shape[0]! / 4, 1, 4] : tensor.shape;
    return { ...tensor, shape, name: prefix + name };
  });
}

function visionName(name: string): string {
  const [, layer, merger, part] = /^vision\.(?:layers\.(\d+)\.|(merger|connector)\.)?(.+)$/.exec(name)!;
  const stem = part!.replace(/Bias$/, '');
  const kind = stem === part ? 'weight' : 'bias';
  const own = merger ? (MLP[stem] ?? VISION[stem]) : VISION[stem];
  const places: Record<string, string> = { merger: 'vision_tower.vit_merger.', connector: 'merger.mlp.0.' };
  const place = merger ? places[merger] : layer === undefined ? '' : `vision_tower.encoder.layers.${layer}.`;
  return `model.${place}${own}.${kind}`;
}
