import { engineError } from '../errors';
import { Fields } from './fields';
import type { GgufMetadata } from './ggufMetadata';
import type { JsonObject } from './json';

/** How a MiniCPM-V model takes pictures: what they are cut into, and which tokens stand for them in the prompt. */
export interface ImageConfig {
  /**
   * 'squash': every picture becomes one square tile, whatever its shape (MiniCPM-V 1.0).
   * 'slice': an overview, and for large pictures a grid of slices that follows their shape (2.0 and later).
   */
  cut: 'squash' | 'slice';
  /** A tile has about this many pixels squared; 'squash' exactly so. */
  scaleResolution: number;
  /** The most slices of a picture, overview not counted; at most one slice means overview only. */
  maxSlices: number;
  patchSize: number;
  /** Tile sides are multiples of this many pixels. */
  sideMultiple: number;
  /** Whose integer arithmetic resizes: Pillow's, or torchvision's (4.6), which differs by a level in some bytes. */
  resizing: 'pillow' | 'torch';
  /** Feature rows of a tile: a fixed number (resampler), or one for so many patches (merger). */
  tileTokens: { count: number } | { patchesPerToken: number };
  /**
   * 'nested': each slice in `<image>` tags, all inside one `<slice>` pair (1.0 to 2.5).
   * 'flat': each slice in its own `<slice>` pair (2.6 and later).
   */
  layout: 'nested' | 'flat';
  /** `<image_id>N</image_id>` goes before picture N of a prompt. */
  hasImageIds: boolean;
  /** The token that stands for one feature row. */
  featureToken: '<unk>' | '<|image_pad|>';
  /** True for models made for one picture per conversation, in front of the first question (1.0 to 2.5). */
  isSinglePicture: boolean;
  /** A channel value in 0..1 becomes (value - mean) / std. */
  mean: [number, number, number];
  std: [number, number, number];
}

/** Sizes above these are no picture model's; they bound what a file can make the engine allocate. */
const LIMITS = { side: 4096, slices: 64, patch: 64, tokens: 4096 };

const HALF: [number, number, number] = [0.5, 0.5, 0.5];

/**
 * The ImageConfig of a Hugging Face checkpoint, from config.json and preprocessor_config.json (null where absent); null
 * for a model that reads text only. Defaults are those of the authors' image processors.
 * Throws InvalidFileError naming a bad key, and UnsupportedError for an unknown picture model.
 */
export function imageConfigFromJson(config: JsonObject, preprocessor: JsonObject | null): ImageConfig | null {
  const fields = new Fields('config.json', (key) => (Object.hasOwn(config, key) ? config[key] : undefined));
  const processor = new Fields('preprocessor_config.json', (key) => preprocessor?.[key]);
  const name = modelName(fields);
  if (!/^minicpm-?v/i.test(name)) return null;
  if (/^minicpmv4_6/i.test(name)) {
    const mode = processor.string('downsample_mode', fields.string('downsample_mode', '16x'));
    const tileTokens = { patchesPerToken: mode === '4x' ? 4 : 16 };
    const patchSize = fields.nested('vision_config').size('patch_size', LIMITS.patch, MERGED.patchSize);
    return withProcessor({ ...MERGED, patchSize, sideMultiple: 4 * patchSize, tileTokens }, processor);
  }
  if (!/^minicpmv$/i.test(name)) {
    throw engineError('UnsupportedError', `config.json: the picture model ${name} is not supported yet.`);
  }
  const version = versionOf(fields, processor);
  const patchSize = fields.size('patch_size', LIMITS.patch, 14);
  const common = {
    patchSize,
    sideMultiple: patchSize,
    tileTokens: { count: fields.size('query_num', LIMITS.tokens, 64) },
  };
  if (version < 2) {
    const scaleResolution = fields.size('image_size', LIMITS.side, 448);
    return { ...NESTED, ...common, cut: 'squash', maxSlices: 1, scaleResolution };
  }
  const base = { ...(version < 2.6 ? NESTED : FLAT), ...common };
  // 2.0 keeps its slicing at the top of config.json, later models in preprocessor_config.json.
  return withProcessor(
    withSlicing(base, fields),
    version < 2.5 ? new Fields('config.json', () => undefined) : processor,
  );
}

/**
 * The ImageConfig of a vision projector file (GGUF, architecture `clip`), with `queries` the rows of its
 * `resampler.query`. Its image_mean and image_std are ignored: early converters wrote CLIP's, which no MiniCPM-V uses.
 * Throws UnsupportedError for a projector that is not MiniCPM-V's.
 */
export function imageConfigFromGguf(metadata: GgufMetadata, queries: number, file: string): ImageConfig {
  const fields = new Fields(file, (key) => metadata.get(key));
  const version = fields.value('clip.minicpmv_version');
  if (fields.value('clip.projector_type') !== 'resampler' || typeof version !== 'number') {
    throw engineError('UnsupportedError', `${file}: not a vision projector of MiniCPM-V 2.0 to 4.5.`);
  }
  const patchSize = fields.size('clip.vision.patch_size', LIMITS.patch, 14);
  return {
    ...(version < 3 ? NESTED : FLAT),
    patchSize,
    sideMultiple: patchSize,
    tileTokens: { count: queries },
    scaleResolution: fields.size('clip.vision.image_size', LIMITS.side, 448),
  };
}

const NESTED: ImageConfig = {
  cut: 'slice',
  scaleResolution: 448,
  maxSlices: 9,
  patchSize: 14,
  sideMultiple: 14,
  resizing: 'pillow',
  tileTokens: { count: 64 },
  layout: 'nested',
  hasImageIds: false,
  featureToken: '<unk>',
  isSinglePicture: true,
  mean: HALF,
  std: HALF,
};

const FLAT: ImageConfig = { ...NESTED, layout: 'flat', hasImageIds: true, isSinglePicture: false };

/** MiniCPM-V 4.6: two mergers of 2 × 2 patches each, so tile sides are multiples of four patches. */
const MERGED: ImageConfig = {
  ...FLAT,
  sideMultiple: 56,
  resizing: 'torch',
  tileTokens: { patchesPerToken: 16 },
  featureToken: '<|image_pad|>',
};

function modelName(fields: Fields): string {
  const architectures = fields.value('architectures');
  const name: unknown = Array.isArray(architectures) ? architectures[0] : fields.value('model_type');
  return typeof name === 'string' ? name : '';
}

/** Files from before 2.6 state no version: 1.0 knows no slices, 2.5 has more than 64 queries. */
function versionOf(fields: Fields, processor: Fields): number {
  for (const source of [fields, processor]) {
    const version = Number(source.value('version'));
    if (version >= 2) return version;
  }
  const slices = ['slice_mode', 'slice_config', 'max_slice_nums'].some((key) => fields.value(key) !== undefined);
  if (!slices) return 1;
  return fields.size('query_num', LIMITS.tokens, 64) > 64 ? 2.5 : 2;
}

/** `base` with what `fields` says about slices: keys of 2.0's config.json and of every preprocessor_config.json. */
function withSlicing(base: ImageConfig, fields: Fields): ImageConfig {
  const patchSize = fields.size('patch_size', LIMITS.patch, base.patchSize);
  const maxSlices = fields.size('max_slice_nums', LIMITS.slices, base.maxSlices);
  return {
    ...base,
    patchSize,
    sideMultiple: (base.sideMultiple / base.patchSize) * patchSize,
    scaleResolution: fields.size('scale_resolution', LIMITS.side, base.scaleResolution),
    maxSlices: fields.boolean('slice_mode', true) ? maxSlices : 1,
    hasImageIds: fields.boolean('use_image_id', base.hasImageIds),
  };
}

function withProcessor(base: ImageConfig, processor: Fields): ImageConfig {
  return {
    ...withSlicing(base, processor),
    mean: channels(processor, 'mean') ?? base.mean,
    std: channels(processor, 'std') ?? base.std,
  };
}

/** Three numbers, under the authors' name for them (norm_mean) or transformers' (image_mean). */
function channels(processor: Fields, kind: 'mean' | 'std'): [number, number, number] | null {
  const key = [`norm_${kind}`, `image_${kind}`].find((name) => processor.value(name) !== undefined);
  if (key === undefined) return null;
  const value = processor.value(key);
  const isRight = (part: unknown) => typeof part === 'number' && Number.isFinite(part) && (kind === 'mean' || part > 0);
  if (Array.isArray(value) && value.length === 3 && value.every(isRight)) return value as [number, number, number];
  throw engineError('InvalidFileError', `${processor.place}: "${key}" must be three numbers.`);
}
