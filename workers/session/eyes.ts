import type { VisionConfig } from '../checkpoint/visionConfig';
import { mergingWeights, resamplingWeights } from '../model/visionWeights';
import type { Backend } from '../ops/backend';
import { Ops, type Matrix, type Vector } from '../ops/graph';
import { MergingEncoder, mostMergedRows, type MergingEyes } from './mergingEncoder';
import { ResamplingEncoder, type ResamplingEyes } from './resamplingEncoder';
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

/** How many feature rows a tile has, at most and at least but for odd shapes, and the floats from one to the next. */
export function featureSizes(eyes: Eyes): { rowsPerTile: number; fewestRows: number; width: number } {
  const width = new Ops(1).bytesOf(eyes.width) / Float32Array.BYTES_PER_ELEMENT;
  if (eyes.kind === 'resampling') {
    return { rowsPerTile: eyes.config.numQueries, fewestRows: eyes.config.numQueries, width };
  }
  const rowsPerTile = mostMergedRows(eyes.config);
  return { rowsPerTile, fewestRows: rowsPerTile / 2, width };
}
