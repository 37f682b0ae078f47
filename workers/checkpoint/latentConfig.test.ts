import { describe, expect, test } from 'vitest';
import { configFromJson } from './config';
import { configFromGguf } from './ggufConfig';
import type { GgufValue } from './ggufMetadata';
import type { JsonObject } from './json';

const FACTORS = [
  1.0591234137867171, 1.1241891283591912, 1.2596935748670968, 1.5380380402321725, 2.093982484148734, 3.1446935121267696,
  4.937952647693647, 7.524541999994549, 10.475458000005451, 13.062047352306353, 14.85530648787323, 15.906017515851266,
  16.461961959767827, 16.740306425132907, 16.87581087164081, 16.940876586213285,
];

/** config.json of MiniCPM3-4B as published, without what says nothing about sizes. */
const PUBLISHED: JsonObject = {
  architectures: ['MiniCPM3ForCausalLM'],
  model_type: 'minicpm3',
  bos_token_id: 1,
  eos_token_id: [2, 73_440],
  hidden_act: 'silu',
  hidden_size: 2560,
  intermediate_size: 6400,
  num_hidden_layers: 62,
  num_attention_heads: 40,
  num_key_value_heads: 40,
  q_lora_rank: 768,
  kv_lora_rank: 256,
  qk_nope_head_dim: 64,
  qk_rope_head_dim: 32,
  vocab_size: 73_448,
  max_position_embeddings: 32_768,
  rms_norm_eps: 1e-5,
  rope_scaling: {
    type: 'longrope',
    long_factor: FACTORS,
    short_factor: FACTORS,
    original_max_position_embeddings: 32_768,
  },
  scale_emb: 12,
  scale_depth: 1.4,
  dim_model_base: 256,
};

/** The same in a GGUF file; numbers alone. */
const METADATA: Record<string, GgufValue> = {
  'general.architecture': 'minicpm3',
  'minicpm3.context_length': 32_768,
  'minicpm3.embedding_length': 2560,
  'minicpm3.block_count': 62,
  'minicpm3.feed_forward_length': 6400,
  'minicpm3.attention.head_count': 40,
  'minicpm3.attention.head_count_kv': 40,
  'minicpm3.attention.layer_norm_rms_epsilon': 1e-5,
  'minicpm3.attention.q_lora_rank': 768,
  'minicpm3.attention.kv_lora_rank': 256,
  'minicpm3.attention.key_length': 96,
  'minicpm3.rope.dimension_count': 32,
  'tokenizer.ggml.bos_token_id': 1,
  'tokenizer.ggml.eos_token_ids': [2, 73_440],
};

function fromGguf(changes: Record<string, GgufValue | undefined> = {}) {
  const entries = Object.entries({ ...METADATA, ...changes }).filter((entry) => entry[1] !== undefined);
  const shapes = new Map([['token_embd.weight', [73_448, 2560]]]);
  return configFromGguf(new Map(entries as [string, GgufValue][]), shapes, { long: FACTORS, short: FACTORS }, 'x.gguf');
}

const refused = (name: string, message: RegExp) =>
  expect.objectContaining({ name, message: expect.stringMatching(message) });

describe('config.json', () => {
  test('of MiniCPM3-4B describes one cached head, whose first channels rotate', () => {
    expect(configFromJson(PUBLISHED, null)).toEqual({
      architecture: 'minicpm3',
      hiddenSize: 2560,
      intermediateSize: 6400,
      numLayers: 62,
      numHeads: 40,
      numKvHeads: 1,
      headDim: 288,
      vocabSize: 73_448,
      maxPositions: 32_768,
      rmsNormEps: 1e-5,
      tieWordEmbeddings: true,
      rope: { theta: 10_000, factors: FACTORS, gain: 1 },
      embeddingScale: 12,
      residualScale: 1.4 / Math.sqrt(62),
      logitScale: 0.1,
      bosTokenId: 1,
      eosTokenIds: [2, 73_440],
      latent: { queryRank: 768, rank: 256, contentDim: 64, ropeDim: 32, valueDim: 64 },
    });
  });

  test('is the same as GGUF metadata, which have no scales', () => {
    expect(fromGguf()).toEqual(configFromJson(PUBLISHED, null));
  });

  // 96 is the authors' head_dim, 32 that of transformers.
  test.each([96, 32])('is the same re-saved with a head_dim of %i', (head_dim) => {
    const saved = { ...PUBLISHED, head_dim, v_head_dim: 64, tie_word_embeddings: true };
    expect(configFromJson(saved, null)).toEqual(configFromJson(PUBLISHED, null));
  });

  test('may leave out the number of key heads, and state the size of a value', () => {
    const { latent } = configFromJson({ ...PUBLISHED, num_key_value_heads: undefined, v_head_dim: 96 }, null);
    expect(latent).toMatchObject({ valueDim: 96 });
    expect(fromGguf({ 'minicpm3.attention.value_length': 96 }).latent).toEqual(latent);
  });

  test('is recognised by its model type', () => {
    expect(configFromJson({ ...PUBLISHED, architectures: undefined }, null).latent).toBeDefined();
  });

  const KEYS = ['q_lora_rank', 'kv_lora_rank', 'qk_nope_head_dim', 'qk_rope_head_dim'];
  const NO_SIZES = [undefined, null, 0, -4, 4.5, 1e9, 1e300, '32', [32], {}];
  describe.each([...KEYS, 'v_head_dim'])('is refused where %s', (key) => {
    test.each(NO_SIZES.slice(key === 'v_head_dim' ? 2 : 0))('is %j', (value) => {
      expect(() => configFromJson({ ...PUBLISHED, [key]: value }, null)).toThrow(
        refused('InvalidFileError', new RegExp(`"${key}"`)),
      );
    });
  });

  test.each<[JsonObject, string, RegExp]>([
    [{ qk_nope_head_dim: 63 }, 'UnsupportedError', /63 \+ 32 channels.*multiples of 4/],
    [{ qk_rope_head_dim: 31 }, 'UnsupportedError', /64 \+ 31 channels.*multiples of 4/],
    [{ qk_rope_head_dim: 30 }, 'UnsupportedError', /multiples of 4/],
    [{ kv_lora_rank: 255 }, 'UnsupportedError', /latent vector of 255.*multiples of 4/],
    [{ kv_lora_rank: 484 }, 'UnsupportedError', /32 \+ 484 channels.*at most 512/],
    [{ qk_nope_head_dim: 1024, num_attention_heads: 128, num_key_value_heads: 128 }, 'UnsupportedError', /128 heads/],
    [{ v_head_dim: 1024, num_attention_heads: 160, num_key_value_heads: 160 }, 'UnsupportedError', /160 heads/],
    [{ num_attention_heads: 640, num_key_value_heads: 640 }, 'UnsupportedError', /640 heads of 288/],
    [
      { qk_nope_head_dim: 448, v_head_dim: 512, kv_lora_rank: 480, num_attention_heads: 160, num_key_value_heads: 160 },
      'UnsupportedError',
      /keys and values of 294912000 bytes/,
    ],
    [{ num_key_value_heads: 8 }, 'UnsupportedError', /8 key heads \(num_key_value_heads\)/],
    [{ num_key_value_heads: 80 }, 'InvalidFileError', /num_key_value_heads/],
    [{ num_attention_heads: 48, num_key_value_heads: 48 }, 'InvalidFileError', /cannot be divided/],
    [{ rope_scaling: { type: 'longrope', long_factor: [1], short_factor: [1] } }, 'InvalidFileError', /16 numbers/],
    [{ attention_bias: true }, 'UnsupportedError', /attention_bias/],
    [{ scale_depth: null }, 'InvalidFileError', /scale_depth/],
  ])('is refused with %j', (changes, name, message) => {
    expect(() => configFromJson({ ...PUBLISHED, ...changes }, null)).toThrow(refused(name, message));
  });
});

describe('GGUF metadata', () => {
  const KEYS = ['attention.q_lora_rank', 'attention.kv_lora_rank', 'attention.key_length', 'rope.dimension_count'];
  const NO_SIZES: (GgufValue | undefined)[] = [undefined, 0, -4, 4.5, 4_294_967_295, NaN, '32', [32]];
  describe.each([...KEYS, 'attention.value_length'])('are refused where %s', (key) => {
    test.each(NO_SIZES.slice(key === 'attention.value_length' ? 1 : 0))('is %j', (value) => {
      expect(() => fromGguf({ [`minicpm3.${key}`]: value })).toThrow(
        refused('InvalidFileError', new RegExp(`"minicpm3.${key}"`)),
      );
    });
  });

  test.each<[Record<string, GgufValue>, string, RegExp]>([
    [{ 'minicpm3.attention.key_length': 32 }, 'InvalidFileError', /32 of 32 channels rotate/],
    [{ 'minicpm3.rope.dimension_count': 128 }, 'InvalidFileError', /128 of 96 channels rotate/],
    [{ 'minicpm3.rope.dimension_count': 31 }, 'UnsupportedError', /multiples of 4/],
    [{ 'minicpm3.attention.key_length': 97 }, 'UnsupportedError', /multiples of 4/],
    [{ 'minicpm3.attention.kv_lora_rank': 512 }, 'UnsupportedError', /32 \+ 512 channels/],
    [{ 'minicpm3.attention.head_count_kv': 1 }, 'UnsupportedError', /1 key heads \(minicpm3\.attention/],
    [{ 'minicpm3.attention.head_count_kv': [40] }, 'InvalidFileError', /head_count_kv/],
    [{ 'minicpm3.rope.scaling.type': 'yarn' }, 'UnsupportedError', /yarn/],
  ])('are refused with %j', (changes, name, message) => {
    expect(() => fromGguf(changes)).toThrow(refused(name, message));
  });
});
