import type { MergingVision, ResamplingVision, VisionTowerConfig } from '../checkpoint/visionConfig';
import { hasQueryPositions } from '../checkpoint/visionTensors';
import type { Matrix, Vector } from '../ops/graph';

/** A linear layer, x · weightᵀ + bias. */
export interface Linear {
  weight: Matrix;
  bias: Vector;
}

/** A layer norm's gain and bias. */
export interface Norm {
  weight: Vector;
  bias: Vector;
}

/** The weight tree of a SigLIP vision tower, in the order of the forward pass. */
export interface SiglipWeights {
  patchEmbedding: Linear; // [hiddenSize, 3 · patchSize²]
  positions: Matrix; // [positionSide², hiddenSize]
  layers: SiglipLayerWeights[];
  norm: Norm;
}

export interface SiglipLayerWeights {
  attentionNorm: Norm;
  qProj: Linear; // [hiddenSize, hiddenSize], as the next three
  kProj: Linear;
  vProj: Linear;
  oProj: Linear;
  mlpNorm: Norm;
  fc1: Linear; // [intermediateSize, hiddenSize]
  fc2: Linear; // [hiddenSize, intermediateSize]
}

/** The weight tree of a resampler; `width` is the hidden size of the language model. */
export interface ResamplerWeights {
  query: Matrix; // [numQueries, width]
  positions: Matrix | null; // [numQueries, width]
  kvProj: Matrix; // [width, hiddenSize of the tower]
  queryNorm: Norm;
  kvNorm: Norm;
  qProj: Linear; // [width, width], as the next three
  kProj: Linear;
  vProj: Linear;
  oProj: Linear;
  outNorm: Norm;
  proj: Matrix; // [width, width]
}

export interface ResamplingWeights {
  tower: SiglipWeights;
  resampler: ResamplerWeights;
}

/** The norm and the two matrices that make one row of four rows side by side. */
export interface MergingMlpWeights {
  mlpNorm: Norm; // [4 · hiddenSize]
  fc1: Linear; // [·, 4 · hiddenSize]
  fc2: Linear; // [hiddenSize of what follows, ·]
}

/** The merger within a tower, before which windows attend to themselves. */
export interface MergerWeights extends MergingMlpWeights {
  attentionNorm: Norm; // [hiddenSize]
  qProj: Linear; // [hiddenSize, hiddenSize], as the next three
  kProj: Linear;
  vProj: Linear;
  oProj: Linear;
}

export interface MergingWeights {
  tower: SiglipWeights;
  /** Null where nothing merges within the tower. */
  merger: MergerWeights | null;
  connector: MergingMlpWeights;
}

type Matrices = (name: string) => Matrix;
type Vectors = (name: string) => Vector;

/**
 * Assembles the weight trees from tensors by name (checkpoint/visionTensors.ts).
 * `matrix` and `vector` throw ModelCorruptError for a name that is not stored.
 */
export function resamplingWeights(
  { tower, version }: ResamplingVision,
  matrix: Matrices,
  vector: Vectors,
): ResamplingWeights {
  const { linear, norm } = pairs(matrix, vector);
  return {
    tower: towerWeights(tower, matrix, vector),
    resampler: {
      query: matrix('resampler.query'),
      positions: hasQueryPositions(version) ? matrix('resampler.positions') : null,
      kvProj: matrix('resampler.kvProj'),
      queryNorm: norm('resampler.queryNorm'),
      kvNorm: norm('resampler.kvNorm'),
      qProj: linear('resampler.qProj'),
      kProj: linear('resampler.kProj'),
      vProj: linear('resampler.vProj'),
      oProj: linear('resampler.oProj'),
      outNorm: norm('resampler.outNorm'),
      proj: matrix('resampler.proj'),
    },
  };
}

/** The same for a tower with mergers. */
export function mergingWeights(
  { tower, insertLayer }: MergingVision,
  matrix: Matrices,
  vector: Vectors,
): MergingWeights {
  const { linear, norm } = pairs(matrix, vector);
  const mlp = (at: string): MergingMlpWeights => ({
    mlpNorm: norm(`${at}.mlpNorm`),
    fc1: linear(`${at}.fc1`),
    fc2: linear(`${at}.fc2`),
  });
  const merger = (at: string): MergerWeights => ({
    attentionNorm: norm(`${at}.attentionNorm`),
    qProj: linear(`${at}.qProj`),
    kProj: linear(`${at}.kProj`),
    vProj: linear(`${at}.vProj`),
    oProj: linear(`${at}.oProj`),
    ...mlp(at),
  });
  return {
    tower: towerWeights(tower, matrix, vector),
    merger: insertLayer === null ? null : merger('vision.merger'),
    connector: mlp('vision.connector'),
  };
}

/** Readers of what is a weight and a bias each. */
function pairs(matrix: Matrices, vector: Vectors) {
  return {
    linear: (name: string): Linear => ({ weight: matrix(name), bias: vector(`${name}Bias`) }),
    norm: (name: string): Norm => ({ weight: vector(name), bias: vector(`${name}Bias`) }),
  };
}

function towerWeights(tower: VisionTowerConfig, matrix: Matrices, vector: Vectors): SiglipWeights {
  const { linear, norm } = pairs(matrix, vector);
  const layers = Array.from({ length: tower.numLayers }, (_, i): SiglipLayerWeights => {
    const at = `vision.layers.${i}`;
    return {
      attentionNorm: norm(`${at}.attentionNorm`),
      qProj: linear(`${at}.qProj`),
      kProj: linear(`${at}.kProj`),
      vProj: linear(`${at}.vProj`),
      oProj: linear(`${at}.oProj`),
      mlpNorm: norm(`${at}.mlpNorm`),
      fc1: linear(`${at}.fc1`),
      fc2: linear(`${at}.fc2`),
    };
  });
  return {
    patchEmbedding: linear('vision.patchEmbedding'),
    positions: matrix('vision.positions'),
    layers,
    norm: norm('vision.norm'),
  };
}
