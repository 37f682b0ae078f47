import type { VisionConfig } from '../checkpoint/visionConfig';
import { mergingWeights, resamplingWeights } from '../model/visionWeights';
import type { Backend } from '../ops/backend';
import type { Matrix, Vector } from '../ops/graph';
import { MergingEncoder, mostMergedPatches, mostMergedRows, type MergingEyes } from './mergingEncoder';
import { mostResampledPatches, ResamplingEncoder, type ResamplingEyes } from './resamplingEncoder';
import { rowBytes, type TileEncoder } from './tileEncoder';

/** The eyes of a model on a backend. */
export type Eyes = ResamplingEyes | MergingEyes;

/** The eyes of a model `width` wide from its tensors by name. Throws what `matrix` and `vector` throw. */
export function eyesOf(
  config: VisionConfig,
  width: number,
  matrix: (name: string) => Matrix,
  vector: (name: string) => Vector,
): Eyes {
  return config.version === '4.6'
    ? { kind: 'merging', config, weights: mergingWeights(config, matrix, vector), width }
    : { kind: 'resampling', config, weights: resamplingWeights(config, matrix, vector), width };
}

/** Records and compiles the programs that encode tiles. Throws OutOfMemoryError, UnsupportedError or DeviceLostError. */
export function createTileEncoder(backend: Backend, eyes: Eyes): Promise<TileEncoder> {
  return eyes.kind === 'merging' ? MergingEncoder.create(backend, eyes) : ResamplingEncoder.create(backend, eyes);
}

/** Patches of the largest tile that eyes encode. */
export function mostPatches(config: VisionConfig): number {
  return config.version === '4.6' ? mostMergedPatches(config) : mostResampledPatches(config);
}

/** What goes into a tile encoder and comes out of it; all rows are padded to whole blocks. */
export interface EncoderSizes {
  /** Floats from one row of patches to the next. */
  patchWidth: number;
  /** Feature rows of a tile, at most, and at least but for odd shapes. */
  rowsPerTile: number;
  fewestRows: number;
  /** Bytes of the feature rows of a tile, at most. */
  bytesPerTile: number;
}

/** The sizes of tiles for eyes in front of a language model `hiddenSize` wide. */
export function encoderSizes(config: VisionConfig, hiddenSize: number): EncoderSizes {
  const rowsPerTile = config.version === '4.6' ? mostMergedRows(config) : config.numQueries;
  return {
    patchWidth: rowBytes(3 * config.tower.patchSize ** 2) / Float32Array.BYTES_PER_ELEMENT,
    rowsPerTile,
    fewestRows: config.version === '4.6' ? rowsPerTile / 2 : rowsPerTile,
    bytesPerTile: rowsPerTile * rowBytes(hiddenSize),
  };
}
