import { describe, expect, test } from 'vitest';
import { tinyVisionConfig } from '../testing/tinyVisionCheckpoint';
import { configFromJson } from './config';
import type { GgufMetadata } from './ggufMetadata';
import type { JsonObject } from './json';
import { visionFromGguf } from './visionConfig';

/** The published config.json of MiniCPM-V 2.0 says this about its eyes. */
const PUBLISHED = { tiny_vision: undefined, patch_size: 14, scale_resolution: 448, image_size: 448, query_num: 64 };

const NAVIT = {
  version: 4,
  query_num: 64,
  patch_size: 14,
  vision_config: {
    hidden_size: 1152,
    intermediate_size: 4304,
    num_hidden_layers: 27,
    num_attention_heads: 16,
    patch_size: 14,
    image_size: 980,
  },
  slice_config: { max_slice_nums: 9, patch_size: 14, scale_resolution: 448 },
};

const visionOf = (overrides: JsonObject, preprocessor: JsonObject | null = null) =>
  configFromJson(tinyVisionConfig(overrides), null, 'config.json', preprocessor).vision!;

describe('config.json', () => {
  test('names the tower of 2.0, whose sizes are known', () => {
    expect(visionOf(PUBLISHED)).toMatchObject({
      version: '2.0',
      numQueries: 64,
      tower: {
        hiddenSize: 1152,
        intermediateSize: 4304,
        numLayers: 26,
        numHeads: 16,
        positionSide: 27,
        activation: 'gelu',
        positions: 'resampled',
      },
    });
  });

  test('describes that of 4.0, which keeps its last layer', () => {
    expect(visionOf({ ...PUBLISHED, ...NAVIT })).toMatchObject({
      version: '4.0',
      tower: { numLayers: 27, positionSide: 70, activation: 'gelu-tanh', positions: 'bucketed' },
    });
    expect(configFromJson(tinyVisionConfig({ ...PUBLISHED, ...NAVIT }), null).architecture).toBe('llama');
  });

  test.each<[string, JsonObject, string, RegExp]>([
    ['another tower', { vision_encoder: 'eva' }, 'UnsupportedError', /eva/],
    ['another version', { ...PUBLISHED, ...NAVIT, version: 4.5 }, 'UnsupportedError', /4\.5/],
    ['no version', { ...PUBLISHED, ...NAVIT, version: undefined }, 'UnsupportedError', /version/],
    ['no layers', { tiny_vision: { depth: 1 }, patch_size: 14 }, 'InvalidFileError', /no layers/],
    ['heads that do not fit', { tiny_vision: { embed_dim: 100, num_heads: 3 } }, 'InvalidFileError', /3 heads/],
    ['a resampler without whole heads', { hidden_size: 64 }, 'InvalidFileError', /resampler 64 wide/],
    ['queries that make no square', { query_num: 10 }, 'InvalidFileError', /10 queries/],
    ['a huge query count', { query_num: 1e9 }, 'InvalidFileError', /query_num/],
    ['tower sizes of the wrong type', { tiny_vision: [] }, 'InvalidFileError', /tiny_vision/],
    ['patches of two sizes', { ...PUBLISHED, ...NAVIT, patch_size: 16 }, 'InvalidFileError', /patches/],
  ])('%s: refused by name', (_, overrides, name, message) => {
    expect(() => visionOf(overrides)).toThrow(
      expect.objectContaining({ name, message: expect.stringMatching(message) }),
    );
  });
});

describe('mmproj metadata', () => {
  const SHAPES = new Map([
    ['v.position_embd.weight', [64, 144]],
    ['resampler.query', [64, 256]],
  ]);
  const read = (overrides: Record<string, unknown> = {}, shapes = SHAPES) => {
    const metadata: GgufMetadata = new Map(
      Object.entries({
        'clip.has_minicpmv_projector': true,
        'clip.projector_type': 'resampler',
        'clip.minicpmv_version': 1,
        'clip.vision.image_size': 112,
        'clip.vision.patch_size': 14,
        'clip.vision.embedding_length': 144,
        'clip.vision.feed_forward_length': 536,
        'clip.vision.attention.head_count': 2,
        'clip.vision.block_count': 2,
        ...overrides,
      }),
    ) as GgufMetadata;
    return visionFromGguf(metadata, shapes, 256, 'mmproj.gguf');
  };

  test('version 1 is 2.0, its positions resampled once already; version 5 is 4.0', () => {
    expect(read()).toMatchObject({ version: '2.0', numQueries: 64, tower: { positionSide: 8, activation: 'gelu' } });
    expect(read({ 'clip.minicpmv_version': 5 })).toMatchObject({ version: '4.0', tower: { activation: 'gelu-tanh' } });
  });

  test.each<[string, Record<string, unknown>, Map<string, number[]>, string]>([
    ['version 3', { 'clip.minicpmv_version': 3 }, SHAPES, 'UnsupportedError'],
    ['the projector of another family', { 'clip.has_minicpmv_projector': false }, SHAPES, 'UnsupportedError'],
    [
      'positions that make no square',
      {},
      new Map([...SHAPES, ['v.position_embd.weight', [63, 144]]]),
      'InvalidFileError',
    ],
    ['no queries', {}, new Map([['v.position_embd.weight', [64, 144]]]), 'InvalidFileError'],
    ['no heads', { 'clip.vision.attention.head_count': 0 }, SHAPES, 'InvalidFileError'],
  ])('%s: refused by name', (_, overrides, shapes, name) => {
    expect(() => read(overrides, shapes)).toThrow(expect.objectContaining({ name }));
  });
});
