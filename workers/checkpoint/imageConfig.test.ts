import { describe, expect, test } from 'vitest';
import type { GgufMetadata } from './ggufMetadata';
import { imageConfigFromGguf, imageConfigFromJson } from './imageConfig';

const authors = { architectures: ['MiniCPMV'], model_type: 'minicpmv', patch_size: 14, query_num: 64 };
const invalid = expect.objectContaining({ name: 'InvalidFileError' });
const unsupported = expect.objectContaining({ name: 'UnsupportedError' });

describe('from config.json', () => {
  test('text models have none', () => {
    expect(imageConfigFromJson({ architectures: ['MiniCPMForCausalLM'], model_type: 'minicpm' }, null)).toBeNull();
    expect(imageConfigFromJson({}, null)).toBeNull();
  });

  test('1.0', () => {
    const config = imageConfigFromJson({ ...authors, image_size: 448 }, null);
    expect(config).toMatchObject({ cut: 'squash', scaleResolution: 448, layout: 'nested', isSinglePicture: true });
  });

  test('2.0 keeps its slicing in config.json', () => {
    const config = { ...authors, slice_mode: true, max_slice_nums: 7, scale_resolution: 112 };
    expect(imageConfigFromJson(config, { max_slice_nums: 3, version: 2.0 })).toMatchObject({
      cut: 'slice',
      maxSlices: 7,
      scaleResolution: 112,
      layout: 'nested',
      hasImageIds: false,
      resizing: 'pillow',
    });
    expect(imageConfigFromJson({ ...config, slice_mode: false }, null)!.maxSlices).toBe(1);
  });

  test('2.5 has more queries, and its slicing in preprocessor_config.json', () => {
    const config = { ...authors, query_num: 96, slice_config: { max_slice_nums: 9 } };
    const preprocessor = { version: 2.5, max_slice_nums: 4, norm_mean: [0.1, 0.2, 0.3], norm_std: [0.4, 0.5, 0.6] };
    expect(imageConfigFromJson(config, preprocessor)).toMatchObject({
      tileTokens: { count: 96 },
      maxSlices: 4,
      layout: 'nested',
      mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6],
    });
  });

  test('2.6 and later, whether the version is a number or a text', () => {
    for (const version of [2.6, '4.0', 4.5]) {
      expect(imageConfigFromJson({ ...authors, version }, null)).toMatchObject({
        layout: 'flat',
        hasImageIds: true,
        isSinglePicture: false,
        featureToken: '<unk>',
      });
    }
    expect(imageConfigFromJson({ ...authors, version: 2.6 }, { use_image_id: false })!.hasImageIds).toBe(false);
  });

  test('4.6', () => {
    const config = { architectures: ['MiniCPMV4_6ForConditionalGeneration'], model_type: 'minicpmv4_6' };
    expect(imageConfigFromJson(config, { max_slice_nums: 36, scale_resolution: 168 })).toMatchObject({
      maxSlices: 36,
      scaleResolution: 168,
      sideMultiple: 56,
      tileTokens: { patchesPerToken: 16 },
      featureToken: '<|image_pad|>',
      resizing: 'torch',
    });
    expect(imageConfigFromJson(config, { downsample_mode: '4x' })!.tileTokens).toEqual({ patchesPerToken: 4 });
  });

  test('what is unknown or senseless is refused by name', () => {
    expect(() => imageConfigFromJson({ architectures: ['MiniCPMV9'] }, null)).toThrow(unsupported);
    expect(() => imageConfigFromJson({ ...authors, query_num: -1 }, null)).toThrow(invalid);
    expect(() => imageConfigFromJson({ ...authors, version: 4 }, { max_slice_nums: 1e9 })).toThrow(invalid);
    expect(() => imageConfigFromJson({ ...authors, version: 4 }, { norm_std: [0, 1, 1] })).toThrow(invalid);
  });
});

describe('from a vision projector in GGUF', () => {
  const metadata = (entries: Record<string, string | number>): GgufMetadata =>
    new Map(Object.entries({ 'clip.projector_type': 'resampler', 'clip.vision.image_size': 448, ...entries }));

  test('by its version', () => {
    const old = imageConfigFromGguf(metadata({ 'clip.minicpmv_version': 1 }), 64, 'mmproj.gguf');
    expect(old).toMatchObject({ layout: 'nested', tileTokens: { count: 64 }, mean: [0.5, 0.5, 0.5] });
    const late = imageConfigFromGguf(metadata({ 'clip.minicpmv_version': 5 }), 64, 'mmproj.gguf');
    expect(late).toMatchObject({ layout: 'flat', hasImageIds: true, scaleResolution: 448 });
  });

  test('projectors of other models are refused', () => {
    expect(() => imageConfigFromGguf(metadata({}), 64, 'mmproj.gguf')).toThrow(unsupported);
    const other = metadata({ 'clip.minicpmv_version': 5, 'clip.projector_type': 'mlp' });
    expect(() => imageConfigFromGguf(other, 64, 'mmproj.gguf')).toThrow(unsupported);
  });
});
