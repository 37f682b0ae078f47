import type { VisionConfig } from '../checkpoint/visionConfig';
import { mergingWeights, resamplingWeights } from '../model/visionWeights';
import type { Backend } from '../ops/backend';
import { Ops, type Matrix, type Vector } from '../ops/graph';
import { MergingEncoder, mostMergedPatches, mostMergedRows, type MergingEyes } from './mergingEncoder';
import { mostResampledPatches, ResamplingEncoder, type ResamplingEyes } from './resamplingEncoder';
import type { TileEncoder } from './tileEncoder';

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

/** Records and compiles the programs that encode tiles. Throws OutOfMemoryError or UnsupportedError. */
export function createTileEncoder(backend: Backend, eyes: Eyes): Promise<TileEncoder> {
  return eyes.kind === 'merging' ? MergingEncoder.create(backend, eyes) : ResamplingEncoder.create(backend, eyes);
}

/** Patches of the largest tile that eyes encode. */
export function mostPatches(config: VisionConfig): number {
  return config.version === '4.6' ? mostMergedPatches(config) : mostResampledPatches(config);
}

/** How many feature rows a tile has, at most and at least but for odd shapes, and the floats from one to the next. */
export function featureSizes(
  config: VisionConfig,
  hiddenSize: number,
): { rowsPerTile: number; fewestRows: number; width: number } {
  const width = new Ops(1).bytesOf(hiddenSize) / Float32Array.BYTES_PER_ELEMENT;
  if (config.version !== '4.6') return { rowsPerTile: config.numQueries, fewestRows: config.numQueries, width };
  const rowsPerTile = mostMergedRows(config);
  return { rowsPerTile, fewestRows: rowsPerTile / 2, width };
}
