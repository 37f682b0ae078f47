import { describe, expect, test } from 'vitest';
import { tinyHybridConfig, tinyMergingConfig } from '../testing/tinyHybridCheckpoint';
import { configFromJson } from './config';
import type { JsonObject } from './json';

/** config.json of MiniCPM-V 4.6 as published, without what says nothing about sizes. */
const PUBLISHED: JsonObject = {
  architectures: ['MiniCPMV4_6ForConditionalGeneration'],
  model_type: 'minicpmv4_6',
  image_size: 1120,
  tie_word_embeddings: true,
  eos_token_id: 248_044,
  insert_layer_id: 6,
  text_config: {
    model_type: 'qwen3_5_text',
    hidden_size: 1024,
    intermediate_size: 3584,
    num_hidden_layers: 24,
    num_attention_heads: 8,
    num_key_value_heads: 2,
    head_dim: 256,
    attn_output_gate: true,
    linear_num_key_heads: 16,
    linear_num_value_heads: 16,
    linear_key_head_dim: 128,
    linear_value_head_dim: 128,
    linear_conv_kernel_dim: 4,
    full_attention_interval: 4,
    vocab_size: 248_094,
    rms_norm_eps: 1e-6,
    max_position_embeddings: 262_144,
    rope_parameters: { partial_rotary_factor: 0.25, rope_theta: 1e7, rope_type: 'default' },
  },
  vision_config: {
    hidden_size: 1152,
    intermediate_size: 4304,
    num_hidden_layers: 27,
    num_attention_heads: 16,
    image_size: 980,
    patch_size: 14,
    hidden_act: 'gelu_pytorch_tanh',
    layer_norm_eps: 1e-6,
  },
};

describe('config.json', () => {
  test('of MiniCPM-V 4.6 describes a Qwen3.5 and a tower with mergers', () => {
    const config = configFromJson(PUBLISHED, { eos_token_id: [248_044, 248_046] });
    expect(config).toMatchObject({
      architecture: 'qwen3.5',
      hiddenSize: 1024,
      headDim: 256,
      embeddingScale: 1,
      tieWordEmbeddings: true,
      eosTokenIds: [248_044, 248_046],
      rope: { theta: 1e7, factors: null, gain: 1 },
      hybrid: {
        rotaryDim: 64,
        delta: { numKeyHeads: 16, numValueHeads: 16, keyHeadDim: 128, valueHeadDim: 128, taps: 4 },
      },
      vision: {
        version: '4.6',
        insertLayer: 6,
        image: { sideMultiple: 56, tileTokens: { patchesPerToken: 16 } },
        tower: { numLayers: 27, positionSide: 70, activation: 'gelu-tanh' },
      },
    });
    const attending = config.hybrid!.layerKinds.flatMap((kind, i) => (kind === 'attention' ? [i] : []));
    expect(attending).toEqual([3, 7, 11, 15, 19, 23]);
  });

  test('keeps four times the rows of a tile where it says so', () => {
    const { vision } = configFromJson(tinyMergingConfig({ downsample_mode: '4x' }), null);
    expect(vision).toMatchObject({ insertLayer: null, image: { tileTokens: { patchesPerToken: 4 } } });
  });

  test.each<[string, JsonObject, string, RegExp]>([
    ['no gate', { attn_output_gate: false }, 'UnsupportedError', /attn_output_gate/],
    ['another kind of layer', { layer_types: Array(4).fill('sliding_attention') }, 'UnsupportedError', /sliding/],
    ['too few layers', { layer_types: ['full_attention'] }, 'InvalidFileError', /layer_types/],
    ['heads that share unevenly', { linear_num_value_heads: 3 }, 'InvalidFileError', /3 value heads/],
    ['wide heads', { linear_key_head_dim: 512 }, 'UnsupportedError', /512/],
    ['no channel that rotates', { rope_parameters: { partial_rotary_factor: 0.01 } }, 'InvalidFileError', /rotate/],
    ['biases', { attention_bias: true }, 'UnsupportedError', /attention_bias/],
  ])('of a language model with %s: refused by name', (_, overrides, name, message) => {
    expect(() => configFromJson(tinyHybridConfig(overrides), null)).toThrow(
      expect.objectContaining({ name, message: expect.stringMatching(message) }),
    );
  });

  test.each<[string, JsonObject, string, RegExp]>([
    ['a merger behind the last layer', { insert_layer_id: 3 }, 'InvalidFileError', /layer 3/],
    ['other squares', { merge_kernel_size: [3, 3] }, 'UnsupportedError', /2 × 2/],
    ['several mergers', { merger_times: 2 }, 'UnsupportedError', /merger_times/],
    ['another language model', { text_config: { model_type: 'qwen3' } }, 'UnsupportedError', /qwen3/],
    ['no language model', { text_config: [] }, 'InvalidFileError', /text_config/],
    ['another activation', { vision_config: { hidden_act: 'relu' } }, 'UnsupportedError', /relu/],
  ])('of a MiniCPM-V 4.6 with %s: refused by name', (_, overrides, name, message) => {
    expect(() => configFromJson(tinyMergingConfig(overrides), null)).toThrow(
      expect.objectContaining({ name, message: expect.stringMatching(message) }),
    );
  });
});
