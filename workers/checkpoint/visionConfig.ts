import { engineError } from '../errors';
import { LIMITS } from './configLimits';
import { Fields } from './fields';
import type { GgufMetadata } from './ggufMetadata';
import { imageConfigFromGguf, type ImageConfig } from './imageConfig';

/** The eyes of a MiniCPM-V: a vision tower that turns the patches of a tile into features, and a connector behind it. */
export type VisionConfig = ResamplingVision | MergingVision;

/** A connector that makes of every tile as many rows: a resampler. */
export interface ResamplingVision extends Tower {
  /** Whose names and positions it has; models of other numbers share those of one of these. */
  version: '1.0' | '2.0' | '4.0';
  /** Feature rows that the resampler makes of a tile. */
  numQueries: number;
}

/** A connector that makes one row of each square of patches: mergers of 2 × 2 rows, one behind the tower, one within. */
export interface MergingVision extends Tower {
  version: '4.6';
  /** The layer that the merger within the tower follows; null for a tower without, whose tiles have four times the rows. */
  insertLayer: number | null;
}

interface Tower {
  /** How pictures become tiles. */
  image: ImageConfig;
  tower: VisionTowerConfig;
}

/** SigLIP (Zhai et al. 2023). LayerNorm's eps is 1e-6 in every release. */
export interface VisionTowerConfig {
  hiddenSize: number;
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  patchSize: number;
  activation: 'gelu' | 'gelu-tanh';
  /** Side of the square grid of learned positions. */
  positionSide: number;
  /** How a tile of another grid gets its positions: rows interpolated, or the nearest ones in proportion. */
  positions: 'resampled' | 'bucketed';
}

export const VISION_NORM_EPS = 1e-6;

/** Heads of the resampler of a language model `hiddenSize` wide: one for each whole 128 channels, all of them divided evenly. */
export function resamplerHeads(hiddenSize: number): number {
  return Math.floor(hiddenSize / 128);
}

const TIMM_TOWER = 'vit_so400m_patch14_siglip_384.webli';

/** What timm gives that name (vision_transformer.py); the tiny models for tests state their own sizes. */
const TIMM_SIZES: Readonly<Record<string, number>> = {
  embed_dim: 1152,
  depth: 27,
  num_heads: 16,
  mlp_ratio: 3.7362,
  img_size: 384,
};

/**
 * Whether a model's authors call sentencepiece itself, which puts no space in front of a text, whatever other files of the
 * tokenizer lie beside tokenizer.model.
 */
export function callsSentencePiece(vision: VisionConfig | undefined): boolean {
  return vision?.version === '1.0' || vision?.version === '2.0';
}

/**
 * The VisionConfig of a MiniCPM-V checkpoint from its config.json, and how it takes pictures. 1.0 and 2.0 name a tower of
 * timm and no version. Throws UnsupportedError for a release whose form is not known, and InvalidFileError naming a bad key.
 */
export function visionFromJson(fields: Fields, hiddenSize: number, image: ImageConfig): VisionConfig {
  if ('patchesPerToken' in image.tileTokens) return checkVision(fromMerging(fields, image), hiddenSize, fields.place);
  const parts = fields.value('vision_config') === undefined ? fromTimm(fields) : fromNaViT(fields);
  const numQueries = fields.size('query_num', LIMITS.visionQueries, 64);
  return checkVision({ ...parts, image, numQueries }, hiddenSize, fields.place);
}

type VersionAndTower = Pick<ResamplingVision, 'version' | 'tower'>;

function fromTimm(fields: Fields): VersionAndTower {
  const name = fields.string('vision_encoder');
  if (name !== TIMM_TOWER) throw unsupported(fields.place, `the vision tower ${name} is not supported`);
  const stated = fields.nested('tiny_vision');
  const size = (key: string, limit: number) => stated.size(key, limit, TIMM_SIZES[key]);
  const patchSize = fields.size('patch_size', LIMITS.patchSize, 14);
  const hiddenSize = size('embed_dim', LIMITS.hiddenSize);
  const dropped = fields.boolean('drop_vision_last_layer', true) ? 1 : 0;
  return {
    version: fields.boolean('slice_mode', false) ? '2.0' : '1.0',
    tower: {
      hiddenSize,
      intermediateSize: Math.trunc(hiddenSize * stated.positive('mlp_ratio', TIMM_SIZES.mlp_ratio)),
      numLayers: size('depth', LIMITS.numLayers) - dropped,
      numHeads: size('num_heads', LIMITS.numHeads),
      patchSize,
      activation: 'gelu',
      positionSide: Math.floor(size('img_size', LIMITS.tileSize) / patchSize),
      positions: 'resampled',
    },
  };
}

function fromNaViT(fields: Fields): VersionAndTower {
  const version = fields.positive('version', 0.1);
  if (version !== 4) {
    const which = version === 0.1 ? 'without a version number' : `of version ${version}`;
    throw unsupported(fields.place, `a MiniCPM-V ${which} is not supported yet, only 1.0, 2.0, 4.0 and 4.6`);
  }
  const tower = naViTTower(fields.nested('vision_config'), PUBLISHED_NAVIT);
  const dropped = fields.boolean('drop_vision_last_layer', false) ? 1 : 0;
  return { version: '4.0', tower: { ...tower, numLayers: tower.numLayers - dropped } };
}

interface NaViTSizes {
  hiddenSize: number;
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  patchSize: number;
  imageSize: number;
}

/** SigLIP-SO400M for pictures of 980, which the releases up to 4.5 may leave unsaid. */
const PUBLISHED_NAVIT: NaViTSizes = {
  hiddenSize: 1152,
  intermediateSize: 4304,
  numLayers: 27,
  numHeads: 16,
  patchSize: 14,
  imageSize: 980,
};

/** What MiniCPMV4_6VisionConfig takes where nothing is said. */
const MERGING_DEFAULTS: NaViTSizes = {
  hiddenSize: 768,
  intermediateSize: 3072,
  numLayers: 12,
  numHeads: 12,
  patchSize: 16,
  imageSize: 224,
};

function naViTTower(vision: Fields, defaults: NaViTSizes): VisionTowerConfig {
  const patchSize = vision.size('patch_size', LIMITS.patchSize, defaults.patchSize);
  return {
    hiddenSize: vision.size('hidden_size', LIMITS.hiddenSize, defaults.hiddenSize),
    intermediateSize: vision.size('intermediate_size', LIMITS.intermediateSize, defaults.intermediateSize),
    numLayers: vision.size('num_hidden_layers', LIMITS.numLayers, defaults.numLayers),
    numHeads: vision.size('num_attention_heads', LIMITS.numHeads, defaults.numHeads),
    patchSize,
    activation: 'gelu-tanh',
    positionSide: Math.floor(vision.size('image_size', LIMITS.tileSize, defaults.imageSize) / patchSize),
    positions: 'bucketed',
  };
}

const ACTIVATIONS: Readonly<Record<string, VisionTowerConfig['activation']>> = {
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu-tanh',
};

/** 4.6 says its sizes in `vision_config`; drop_vision_last_layer, which it has too, is not obeyed by its own code. */
function fromMerging(fields: Fields, image: ImageConfig): MergingVision {
  const vision = fields.nested('vision_config');
  const act = vision.string('hidden_act', 'gelu_pytorch_tanh');
  const activation = Object.hasOwn(ACTIVATIONS, act) ? ACTIVATIONS[act]! : null;
  if (!activation) throw unsupported(vision.place, `the activation function "${act}" is not supported`);
  if (vision.positive('layer_norm_eps', VISION_NORM_EPS) !== VISION_NORM_EPS) {
    throw unsupported(vision.place, `a layer_norm_eps other than ${VISION_NORM_EPS} is not supported`);
  }
  const isSquareOfTwo = (side: unknown) => side === undefined || JSON.stringify(side) === '[2,2]';
  if (!isSquareOfTwo(fields.value('merge_kernel_size')) || !isSquareOfTwo(vision.value('window_kernel_size'))) {
    throw unsupported(fields.place, 'mergers of other squares than 2 × 2 are not supported');
  }
  if (fields.size('merger_times', LIMITS.numLayers, 1) !== 1) {
    throw unsupported(fields.place, 'several mergers behind the vision tower (merger_times) are not supported');
  }
  const mergesWithin = 'patchesPerToken' in image.tileTokens && image.tileTokens.patchesPerToken === 16;
  return {
    version: '4.6',
    image,
    tower: { ...naViTTower(vision, MERGING_DEFAULTS), activation },
    insertLayer: mergesWithin ? fields.count('insert_layer_id', 6) : null,
  };
}

/** The version that a vision part in GGUF calls itself, and ours. */
const GGUF_VERSIONS: Readonly<Record<number, '2.0' | '4.0'>> = { 1: '2.0', 5: '4.0' };

/**
 * The VisionConfig of an mmproj GGUF file, from its metadata and the shapes of its tensors by name. The converters write
 * one kind of GELU for all.
 * Throws UnsupportedError for a version that is not known, and InvalidFileError naming a bad key.
 */
export function visionFromGguf(
  metadata: GgufMetadata,
  tensorShapes: ReadonlyMap<string, readonly number[]>,
  hiddenSize: number,
  file: string,
): VisionConfig {
  const fields = new Fields(file, (key) => metadata.get(key));
  const number = fields.count('clip.minicpmv_version', 0);
  const version = GGUF_VERSIONS[number];
  if (!fields.boolean('clip.has_minicpmv_projector', false) || version === undefined) {
    throw unsupported(file, `its kind of vision part (minicpmv_version ${number}) is not supported yet`);
  }
  const rowsOf = (name: string) => {
    const rows = tensorShapes.get(name)?.[0];
    if (rows === undefined) throw engineError('InvalidFileError', `${file}: the tensor "${name}" is missing.`);
    return rows;
  };
  const positionSide = Math.sqrt(rowsOf('v.position_embd.weight'));
  if (!Number.isInteger(positionSide)) {
    throw engineError('InvalidFileError', `${file}: its learned positions do not make a square.`);
  }
  const numQueries = rowsOf('resampler.query');
  const of = (key: string, limit: number) => fields.size(`clip.vision.${key}`, limit);
  return checkVision(
    {
      version,
      image: imageConfigFromGguf(metadata, numQueries, file),
      numQueries,
      tower: {
        hiddenSize: of('embedding_length', LIMITS.hiddenSize),
        intermediateSize: of('feed_forward_length', LIMITS.intermediateSize),
        numLayers: of('block_count', LIMITS.numLayers),
        numHeads: of('attention.head_count', LIMITS.numHeads),
        patchSize: of('patch_size', LIMITS.patchSize),
        activation: version === '2.0' ? 'gelu' : 'gelu-tanh',
        positionSide,
        positions: version === '2.0' ? 'resampled' : 'bucketed',
      },
    },
    hiddenSize,
    file,
  );
}

/** Throws InvalidFileError for sizes that contradict each other or are beyond what any tower has. */
function checkVision(vision: VisionConfig, hiddenSize: number, place: string): VisionConfig {
  const { tower, image } = vision;
  const invalid = (reason: string) => engineError('InvalidFileError', `${place}: ${reason}.`);
  if (tower.numLayers < 1) throw invalid('the vision tower has no layers');
  if (tower.hiddenSize % tower.numHeads !== 0 || (tower.hiddenSize / tower.numHeads) % 2 !== 0) {
    throw invalid(`a vision tower ${tower.hiddenSize} wide cannot be divided into ${tower.numHeads} heads`);
  }
  if (tower.hiddenSize / tower.numHeads > 256) {
    throw unsupported(place, `vision heads of ${tower.hiddenSize / tower.numHeads} are not supported`);
  }
  if (tower.positionSide < 1 || tower.positionSide > LIMITS.positionSide || image.scaleResolution < tower.patchSize) {
    throw invalid(
      `tiles of ${image.scaleResolution} and a grid of ${tower.positionSide} positions a side make no sense`,
    );
  }
  if (tower.patchSize !== image.patchSize) {
    throw invalid(`the tower's patches of ${tower.patchSize} pixels are not the pictures' of ${image.patchSize}`);
  }
  const reason = vision.version === '4.6' ? wrongMerger(vision) : wrongResampler(vision, hiddenSize);
  if (reason) throw invalid(reason);
  return vision;
}

function wrongMerger({ insertLayer, tower }: MergingVision): string | null {
  if (insertLayer === null || insertLayer < tower.numLayers) return null;
  return `the merger behind layer ${insertLayer} of the vision tower has no place in ${tower.numLayers} layers`;
}

function wrongResampler({ version, numQueries, image }: ResamplingVision, hiddenSize: number): string | null {
  const heads = resamplerHeads(hiddenSize);
  if (heads < 1 || hiddenSize % (2 * heads) !== 0 || hiddenSize % 32 !== 0) {
    return `a resampler ${hiddenSize} wide cannot be divided into heads of about 128, or into blocks of 32`;
  }
  if (!('count' in image.tileTokens) || image.tileTokens.count !== numQueries) {
    return `the resampler's ${numQueries} queries are not what stands for a tile in a prompt`;
  }
  if (version !== '4.0' && Math.sqrt(numQueries) % 1 !== 0) return `${numQueries} queries do not make a square`;
  return null;
}

function unsupported(place: string, reason: string): Error {
  return engineError('UnsupportedError', `${place}: ${reason}.`);
}
