import type { ModelConfig } from '../checkpoint/modelConfig';
import type { Matrix, RopeTable, Vector } from '../ops/graph';

/** The weight tree of a MiniCPM or Llama language model, in the order of the forward pass. */
export interface LanguageModelWeights {
  embedTokens: Matrix; // [vocabSize, hiddenSize]
  layers: LayerWeights[];
  norm: Vector; // [hiddenSize]
  lmHead: Matrix; // [vocabSize, hiddenSize]; the embedding itself where the two are tied
  rope: RopeTable;
}

export interface LayerWeights {
  inputLayernorm: Vector; // [hiddenSize]
  qProj: Matrix; // [numHeads · headDim, hiddenSize]
  kProj: Matrix; // [numKvHeads · headDim, hiddenSize]
  vProj: Matrix; // [numKvHeads · headDim, hiddenSize]
  oProj: Matrix; // [hiddenSize, numHeads · headDim]
  postAttentionLayernorm: Vector; // [hiddenSize]
  gateProj: Matrix; // [intermediateSize, hiddenSize]
  upProj: Matrix; // [intermediateSize, hiddenSize]
  downProj: Matrix; // [hiddenSize, intermediateSize]
}

/**
 * Assembles the weight tree from tensors by name.
 * `matrix` and `vector` throw ModelCorruptError for a name that is not stored.
 */
export function languageModelWeights(
  config: ModelConfig,
  rope: RopeTable,
  matrix: (name: string) => Matrix,
  vector: (name: string) => Vector,
): LanguageModelWeights {
  const layers = Array.from({ length: config.numLayers }, (_, i): LayerWeights => {
    const at = `layers.${i}`;
    return {
      inputLayernorm: vector(`${at}.inputLayernorm`),
      qProj: matrix(`${at}.qProj`),
      kProj: matrix(`${at}.kProj`),
      vProj: matrix(`${at}.vProj`),
      oProj: matrix(`${at}.oProj`),
      postAttentionLayernorm: vector(`${at}.postAttentionLayernorm`),
      gateProj: matrix(`${at}.gateProj`),
      upProj: matrix(`${at}.upProj`),
      downProj: matrix(`${at}.downProj`),
    };
  });
  return {
    embedTokens: matrix('embedTokens'),
    layers,
    norm: vector('norm'),
    lmHead: matrix(config.tieWordEmbeddings ? 'embedTokens' : 'lmHead'),
    rope,
  };
}
