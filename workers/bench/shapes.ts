import type { ModelConfig } from '../checkpoint/modelConfig';
import type { BenchmarkShapeName } from '../protocol/benchmark';
import type { MatrixFormat } from '../quant/layout';

/** The sizes of a model, and how the importer would store it. */
export interface BenchmarkShape {
  /** The model that has these sizes. */
  model: string;
  config: ModelConfig;
  /** Of the embedding and the head; all other matrices are int4. */
  vocabularyFormat: Extract<MatrixFormat, 'int4' | 'int8'>;
}

const ROPE = { theta: 10_000, factors: null, gain: 1 };
const MINICPM_ENDS = { tieWordEmbeddings: true, rope: ROPE, embeddingScale: 12, bosTokenId: 1, eosTokenIds: [2] };

/** Rope, scales and stop tokens do not change what is computed, and stand for those of the model. */
export const SHAPES: Readonly<Record<BenchmarkShapeName, BenchmarkShape>> = {
  nano: {
    model: 'nano',
    vocabularyFormat: 'int8',
    config: {
      ...MINICPM_ENDS,
      architecture: 'minicpm',
      hiddenSize: 192,
      intermediateSize: 352,
      numLayers: 5,
      numHeads: 6,
      numKvHeads: 2,
      headDim: 32,
      vocabSize: 2080,
      maxPositions: 384,
      rmsNormEps: 1e-5,
      residualScale: 1.4 / Math.sqrt(5),
      logitScale: 64 / 192,
    },
  },
  '0.3B': {
    model: 'MiniCPM4-0.5B with 16 of its 24 layers',
    vocabularyFormat: 'int4',
    config: {
      ...MINICPM_ENDS,
      architecture: 'minicpm',
      hiddenSize: 1024,
      intermediateSize: 4096,
      numLayers: 16,
      numHeads: 16,
      numKvHeads: 2,
      headDim: 64,
      vocabSize: 73_448,
      maxPositions: 32_768,
      rmsNormEps: 1e-5,
      residualScale: 1.4 / Math.sqrt(16),
      logitScale: 256 / 1024,
    },
  },
  '1B': {
    model: 'MiniCPM5-1B',
    vocabularyFormat: 'int4',
    config: {
      architecture: 'llama',
      hiddenSize: 1536,
      intermediateSize: 4608,
      numLayers: 24,
      numHeads: 16,
      numKvHeads: 2,
      headDim: 128,
      vocabSize: 130_560,
      maxPositions: 131_072,
      rmsNormEps: 1e-6,
      tieWordEmbeddings: false,
      rope: { ...ROPE, theta: 5e6 },
      embeddingScale: 1,
      residualScale: 1,
      logitScale: 1,
      bosTokenId: 0,
      eosTokenIds: [1],
    },
  },
  '2B': {
    model: 'MiniCPM-2B',
    vocabularyFormat: 'int4',
    config: {
      ...MINICPM_ENDS,
      architecture: 'minicpm',
      hiddenSize: 2304,
      intermediateSize: 5760,
      numLayers: 40,
      numHeads: 36,
      numKvHeads: 36,
      headDim: 64,
      vocabSize: 122_753,
      maxPositions: 4096,
      rmsNormEps: 1e-5,
      residualScale: 1.4 / Math.sqrt(40),
      logitScale: 256 / 2304,
    },
  },
};
