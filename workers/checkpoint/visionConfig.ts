import { engineError } from '../errors';
import { LIMITS } from './configLimits';
import { Fields } from './fields';
import type { GgufMetadata } from './ggufMetadata';
import { imageConfigFromGguf, type ImageConfig } from './imageConfig';
import { isJsonObject } from './json';

/** The eyes of a MiniCPM-V: a vision tower that turns the patches of a tile into features, and a resampler behind it. */
export interface VisionConfig {
  /** Whose names and positions it has; models of other numbers share those of one of these. */
  version: '1.0' | '2.0' | '4.0';
  /** How pictures become tiles. */
  image: ImageConfig;
  /** Feature rows that the resampler makes of a tile. */
  numQueries: number;
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
  const parts = fields.value('vision_config') === undefined ? fromTimm(fields) : fromNaViT(fields);
  const numQueries = fields.size('query_num', LIMITS.visionQueries, 64);
  return checkVision({ ...parts, image, numQueries }, hiddenSize, fields.place);
}

type VersionAndTower = Pick<VisionConfig, 'version' | 'tower'>;

function fromTimm(fields: Fields): VersionAndTower {
  const name = fields.string('vision_encoder');
  if (name !== TIMM_TOWER) throw unsupported(fields.place, `the vision tower ${name} is not supported`);
  const stated = objectOf(fields, 'tiny_vision');
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
    throw unsupported(fields.place, `a MiniCPM-V ${which} is not supported yet, only 1.0, 2.0 and 4.0`);
  }
  const vision = objectOf(fields, 'vision_config');
  const patchSize = vision.size('patch_size', LIMITS.patchSize, 14);
  const dropped = fields.boolean('drop_vision_last_layer', false) ? 1 : 0;
  return {
    version: '4.0',
    tower: {
      hiddenSize: vision.size('hidden_size', LIMITS.hiddenSize, 1152),
      intermediateSize: vision.size('intermediate_size', LIMITS.intermediateSize, 4304),
      numLayers: vision.size('num_hidden_layers', LIMITS.numLayers, 27) - dropped,
      numHeads: vision.size('num_attention_heads', LIMITS.numHeads, 16),
      patchSize,
      activation: 'gelu-tanh',
      positionSide: Math.floor(vision.size('image_size', LIMITS.tileSize, 980) / patchSize),
      positions: 'bucketed',
    },
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
  const { tower, image, numQueries } = vision;
  const invalid = (reason: string) => engineError('InvalidFileError', `${place}: ${reason}.`);
  if (tower.numLayers < 1) throw invalid('the vision tower has no layers');
  if (tower.hiddenSize % tower.numHeads !== 0 || (tower.hiddenSize / tower.numHeads) % 2 !== 0) {
    throw invalid(`a vision tower ${tower.hiddenSize} wide cannot be divided into ${tower.numHeads} heads`);
  }
  if (tower.hiddenSize / tower.numHeads > 256) {
    throw unsupported(place, `vision heads of ${tower.hiddenSize / tower.numHeads} are not supported`);
  }
  const heads = resamplerHeads(hiddenSize);
  if (heads < 1 || hiddenSize % (2 * heads) !== 0) {
    throw invalid(`a resampler ${hiddenSize} wide cannot be divided into heads of about 128`);
  }
  if (tower.positionSide < 1 || tower.positionSide > LIMITS.positionSide || image.scaleResolution < tower.patchSize) {
    throw invalid(
      `tiles of ${image.scaleResolution} and a grid of ${tower.positionSide} positions a side make no sense`,
    );
  }
  if (tower.patchSize !== image.patchSize) {
    throw invalid(`the tower's patches of ${tower.patchSize} pixels are not the pictures' of ${image.patchSize}`);
  }
  if (!('count' in image.tileTokens) || image.tileTokens.count !== numQueries) {
    throw invalid(`the resampler's ${numQueries} queries are not what stands for a tile in a prompt`);
  }
  if (vision.version !== '4.0' && Math.sqrt(numQueries) % 1 !== 0) {
    throw invalid(`${numQueries} queries do not make a square`);
  }
  return vision;
}

function objectOf(fields: Fields, key: string): Fields {
  const value = fields.value(key) ?? {};
  if (!isJsonObject(value)) throw engineError('InvalidFileError', `${fields.place}: "${key}" is not an object.`);
  return new Fields(`${fields.place}, ${key}`, (name) => value[name]);
}

function unsupported(place: string, reason: string): Error {
  return engineError('UnsupportedError', `${place}: ${reason}.`);
}
