import { describe, expect, test } from 'vitest';
import { tinyConfig } from '../testing/tinyCheckpoint';
import { configFromJson } from './config';
import type { GgufMetadata } from './ggufMetadata';
import { configFromGguf } from './ggufConfig';
import { samplingFromGguf, samplingFromJson } from './sampling';

const FACTORS = { long: [2, 4, 6, 8, 10, 12, 14, 16], short: [1, 1, 1, 1, 1, 1, 1, 2] };
const longRope = (original: number, more = {}) => ({
  long_factor: FACTORS.long,
  short_factor: FACTORS.short,
  original_max_position_embeddings: original,
  ...more,
});

describe('config.json', () => {
  test('gives the model class its own defaults', () => {
    const bare = tinyConfig({
      num_key_value_heads: undefined,
      rms_norm_eps: undefined,
      max_position_embeddings: undefined,
      rope_theta: null,
    });
    expect(configFromJson(bare, null)).toEqual({
      architecture: 'minicpm',
      hiddenSize: 64,
      intermediateSize: 96,
      numLayers: 2,
      numHeads: 4,
      numKvHeads: 4,
      headDim: 16,
      vocabSize: 275,
      maxPositions: 2048,
      rmsNormEps: 1e-6,
      tieWordEmbeddings: true,
      rope: { theta: 10_000, factors: null, gain: 1 },
      embeddingScale: 12,
      residualScale: 1.4 / Math.sqrt(2),
      logitScale: 0.5,
      bosTokenId: 1,
      eosTokenIds: [2],
    });
  });

  test('of a Llama has no scales, an untied head, and a head size of its own', () => {
    const llama = tinyConfig({ architectures: ['LlamaForCausalLM'], head_dim: 32, scale_emb: undefined });
    expect(configFromJson(llama, null)).toMatchObject({
      architecture: 'llama',
      headDim: 32,
      tieWordEmbeddings: false,
      embeddingScale: 1,
      residualScale: 1,
      logitScale: 1,
    });
  });

  test('is recognised by class or by model type', () => {
    expect(configFromJson(tinyConfig({ model_type: undefined }), null).architecture).toBe('minicpm');
    expect(configFromJson(tinyConfig({ architectures: undefined }), null).architecture).toBe('minicpm');
  });

  test('stops on the tokens of both files', () => {
    const config = tinyConfig({ eos_token_id: [2, 73] });
    expect(configFromJson(config, { eos_token_id: [73, 5] }).eosTokenIds).toEqual([2, 73, 5]);
    expect(configFromJson(config, { eos_token_id: 7 }).eosTokenIds).toEqual([2, 73, 7]);
  });

  test.each([
    ['rope_scaling', { rope_theta: 5e5, rope_scaling: null }],
    ['rope_scaling of its own', { rope_scaling: { rope_type: 'default', rope_theta: 5e5 } }],
    ['rope_parameters', { rope_parameters: { rope_type: 'default', rope_theta: 5e5 } }],
    [
      'dynamic scaling, which starts beyond the longest context',
      { rope_theta: 5e5, rope_scaling: { type: 'dynamic', factor: 4 } },
    ],
  ])('takes theta with %s', (_name, rope) => {
    expect(configFromJson(tinyConfig(rope), null).rope).toEqual({ theta: 5e5, factors: null, gain: 1 });
  });

  // max_position_embeddings is 128.
  test.each([
    ['as long as before: short factors', longRope(128, { rope_type: 'longrope' }), FACTORS.short, 1],
    ['shorter than before: short factors, no gain', longRope(130, { type: 'longrope' }), FACTORS.short, 1],
    [
      'extended: long factors and the published gain',
      longRope(16, { type: 'longrope' }),
      FACTORS.long,
      Math.sqrt(1.75),
    ],
  ])('has LongRoPE in a context %s', (_name, rope_scaling, factors, gain) => {
    const { rope } = configFromJson(tinyConfig({ rope_scaling }), null);
    expect(rope.factors).toEqual(factors);
    expect(rope.gain).toBeCloseTo(gain, 14);
  });
});

test.each([
  [{ attention_factor: 1.5, factor: 8 }, 1.5],
  [{ factor: 16 }, Math.SQRT2],
  [{ factor: 1 }, 1],
])('a Llama may state its own gain by %j', (stated, gain) => {
  const rope_scaling = longRope(16, { rope_type: 'longrope', ...stated });
  const llama = tinyConfig({ architectures: ['LlamaForCausalLM'], rope_scaling });
  expect(configFromJson(llama, null).rope.gain).toBeCloseTo(gain, 14);
  expect(configFromJson(tinyConfig({ rope_scaling }), null).rope.gain).toBeCloseTo(Math.sqrt(1.75), 14);
});

describe('GGUF metadata', () => {
  const shapes = new Map([['token_embd.weight', [275, 512]]]);
  const none = { long: null, short: null };
  const metadata = (
    architecture: string,
    more: Record<string, number | string | string[] | number[]> = {},
  ): GgufMetadata =>
    new Map(
      Object.entries({
        'general.architecture': architecture,
        [`${architecture}.block_count`]: 4,
        [`${architecture}.context_length`]: 128,
        [`${architecture}.embedding_length`]: 512,
        [`${architecture}.feed_forward_length`]: 96,
        [`${architecture}.attention.head_count`]: 32,
        [`${architecture}.attention.layer_norm_rms_epsilon`]: 1e-5,
        ...more,
      }),
    );

  test('of an early MiniCPM without scales have those of all published models', () => {
    expect(configFromGguf(metadata('minicpm'), shapes, none, 'x.gguf')).toMatchObject({
      embeddingScale: 12,
      residualScale: 0.7,
      logitScale: 0.5,
      numKvHeads: 32,
      headDim: 16,
      rope: { theta: 10_000, factors: null, gain: 1 },
      bosTokenId: null,
      eosTokenIds: [],
    });
  });

  test.each([
    [4, 0.25],
    [0.25, 0.25],
    [1, 1],
  ])('with a logit_scale of %d divide by its larger side', (stored, logitScale) => {
    const given = metadata('minicpm', { 'minicpm.logit_scale': stored });
    expect(configFromGguf(given, shapes, none, 'x.gguf').logitScale).toBe(logitScale);
  });

  test('of a Llama have no scales unless they say so', () => {
    expect(configFromGguf(metadata('llama'), shapes, none, 'x.gguf')).toMatchObject({
      embeddingScale: 1,
      residualScale: 1,
      logitScale: 1,
    });
    const scaled = metadata('llama', { 'llama.embedding_scale': 12 });
    expect(configFromGguf(scaled, shapes, none, 'x.gguf').embeddingScale).toBe(12);
  });

  test('tie the head to the embedding where there is no output tensor', () => {
    const untied = new Map([...shapes, ['output.weight', [275, 512]]]);
    expect(configFromGguf(metadata('llama'), shapes, none, 'x.gguf').tieWordEmbeddings).toBe(true);
    expect(configFromGguf(metadata('llama'), untied, none, 'x.gguf').tieWordEmbeddings).toBe(false);
  });

  test('take LongRoPE factors from the tensors, with or without the type', () => {
    expect(configFromGguf(metadata('minicpm'), shapes, FACTORS, 'x.gguf').rope).toEqual({
      theta: 10_000,
      factors: FACTORS.short,
      gain: 1,
    });
    const extended = metadata('minicpm', {
      'minicpm.rope.scaling.type': 'longrope',
      'minicpm.rope.scaling.original_context_length': 16,
    });
    const { rope } = configFromGguf(extended, shapes, FACTORS, 'x.gguf');
    expect(rope.factors).toEqual(FACTORS.long);
    expect(rope.gain).toBeCloseTo(Math.sqrt(1.75), 14);
    extended.set('minicpm.rope.scaling.attn_factor', 1.25);
    expect(configFromGguf(extended, shapes, FACTORS, 'x.gguf').rope.gain).toBe(1.25);
  });

  test('stop on every end of a turn that the vocabulary marks as one', () => {
    const given = metadata('llama', {
      'tokenizer.ggml.eos_token_id': 2,
      'tokenizer.ggml.eot_token_id': 3,
      'tokenizer.ggml.tokens': ['<unk>', '<s>', '</s>', '<end>', '<|im_end|>', 'x', '<|im_end|>'],
      'tokenizer.ggml.token_type': [2, 3, 3, 3, 4, 1, 1],
    });
    expect(configFromGguf(given, shapes, none, 'x.gguf').eosTokenIds).toEqual([2, 3, 4]);
  });
});

describe('sampling defaults', () => {
  test('come from generation_config.json, then from the authors', () => {
    expect(samplingFromJson(null, 'minicpm')).toEqual({
      maxTokens: null,
      temperature: 0.8,
      topP: 0.8,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
    });
    expect(samplingFromJson({ top_k: 20, repetition_penalty: 1.02, max_new_tokens: 96 }, 'llama')).toEqual({
      maxTokens: 96,
      temperature: 0.7,
      topP: 0.95,
      topK: 20,
      minP: 0,
      repetitionPenalty: 1.02,
    });
  });

  test('are greedy where the checkpoint does not sample', () => {
    expect(samplingFromJson({ do_sample: false, temperature: 0.5 }, 'llama').temperature).toBe(0);
  });

  test('come from general.sampling of a GGUF file', () => {
    const metadata: GgufMetadata = new Map([
      ['general.sampling.temp', 0.25],
      ['general.sampling.top_k', 40],
    ]);
    expect(samplingFromGguf(metadata, 'llama', 'x', 'x.gguf')).toMatchObject({
      temperature: 0.25,
      topP: 0.95,
      topK: 40,
    });
    expect(samplingFromGguf(new Map(), 'minicpm', 'MiniCPM4-0.5B', 'model.gguf')).toMatchObject({ topP: 0.7 });
  });
});
