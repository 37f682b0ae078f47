import type { VisionConfig } from '../checkpoint/visionConfig';
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

export interface VisionWeights {
  tower: SiglipWeights;
  resampler: ResamplerWeights;
}

/**
 * Assembles the weight trees from tensors by name (checkpoint/visionTensors.ts).
 * `matrix` and `vector` throw ModelCorruptError for a name that is not stored.
 */
export function visionWeights(
  { tower, version }: VisionConfig,
  matrix: (name: string) => Matrix,
  vector: (name: string) => Vector,
): VisionWeights {
  const linear = (name: string): Linear => ({ weight: matrix(name), bias: vector(`${name}Bias`) });
  const norm = (name: string): Norm => ({ weight: vector(name), bias: vector(`${name}Bias`) });
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
    tower: {
      patchEmbedding: linear('vision.patchEmbedding'),
      positions: matrix('vision.positions'),
      layers,
      norm: norm('vision.norm'),
    },
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
