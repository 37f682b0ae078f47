import type { LatentConfig, ModelConfig } from '../checkpoint/modelConfig';
import type { Matrix, RopeTable, Vector } from '../ops/graph';

/** The weight tree of a language model, in the order of the forward pass. */
export interface LanguageModelWeights {
  embedTokens: Matrix; // [vocabSize, hiddenSize]
  layers: LayerWeights[];
  norm: Vector; // [hiddenSize]
  lmHead: Matrix; // [vocabSize, hiddenSize]; the embedding itself where the two are tied
  rope: RopeTable;
}

export interface LayerWeights {
  inputLayernorm: Vector; // [hiddenSize]
  mixer: MixerWeights;
  postAttentionLayernorm: Vector; // [hiddenSize]
  gateProj: Matrix; // [intermediateSize, hiddenSize]
  upProj: Matrix; // [intermediateSize, hiddenSize]
  downProj: Matrix; // [hiddenSize, intermediateSize]
}

/** How a layer brings tokens together. */
export type MixerWeights = AttentionWeights | GatedAttentionWeights | LatentAttentionWeights | DeltaNetWeights;

export interface AttentionWeights {
  kind: 'attention';
  qProj: Matrix; // [numHeads · headDim, hiddenSize]
  kProj: Matrix; // [numKvHeads · headDim, hiddenSize]
  vProj: Matrix; // [numKvHeads · headDim, hiddenSize]
  oProj: Matrix; // [hiddenSize, numHeads · headDim]
}

/** Attention whose queries and keys are normed, and whose results are gated. */
export interface GatedAttentionWeights {
  kind: 'gated-attention';
  qProj: Matrix; // [numHeads · 2 · headDim, hiddenSize], each head's query followed by its gate
  kProj: Matrix; // [numKvHeads · headDim, hiddenSize]
  vProj: Matrix; // [numKvHeads · headDim, hiddenSize]
  oProj: Matrix; // [hiddenSize, numHeads · headDim]
  qNorm: Vector; // [headDim]
  kNorm: Vector; // [headDim]
}

/** Multi-head latent attention; sizes are those of checkpoint/modelConfig.ts. */
export interface LatentAttentionWeights {
  kind: 'latent-attention';
  latent: LatentConfig;
  qAProj: Matrix; // [queryRank, hiddenSize]
  qANorm: Vector; // [queryRank]
  qBProj: Matrix; // [numHeads · (contentDim + ropeDim), queryRank]
  kvAProj: Matrix; // [rank + ropeDim, hiddenSize]
  kvANorm: Vector; // [rank]
  kvBProj: Matrix; // [numHeads · (contentDim + valueDim), rank], each head's key rows followed by its value rows
  oProj: Matrix; // [hiddenSize, numHeads · valueDim]
}

/** Gated DeltaNet; `channels` are those of queries, keys and values side by side. */
export interface DeltaNetWeights {
  kind: 'delta-net';
  qkvProj: Matrix; // [channels, hiddenSize]
  convolution: Vector; // [channels, taps]
  outputGateProj: Matrix; // [value heads · valueHeadDim, hiddenSize]
  decayProj: Matrix; // [value heads, hiddenSize]
  betaProj: Matrix; // [value heads, hiddenSize]
  decayRate: Vector; // [value heads], below zero
  decayBias: Vector; // [value heads]
  valueNorm: Vector; // [valueHeadDim]
  outProj: Matrix; // [hiddenSize, value heads · valueHeadDim]
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
      mixer: mixerWeights(
        config,
        i,
        (name) => matrix(`${at}.${name}`),
        (name) => vector(`${at}.${name}`),
      ),
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

function mixerWeights(
  { hybrid, latent }: ModelConfig,
  layer: number,
  matrix: (name: string) => Matrix,
  vector: (name: string) => Vector,
): MixerWeights {
  if (latent) {
    return {
      kind: 'latent-attention',
      latent,
      qAProj: matrix('qAProj'),
      qANorm: vector('qANorm'),
      qBProj: matrix('qBProj'),
      kvAProj: matrix('kvAProj'),
      kvANorm: vector('kvANorm'),
      kvBProj: matrix('kvBProj'),
      oProj: matrix('oProj'),
    };
  }
  if (hybrid?.layerKinds[layer] === 'delta-net') {
    return {
      kind: 'delta-net',
      qkvProj: matrix('qkvProj'),
      convolution: vector('convolution'),
      outputGateProj: matrix('outputGateProj'),
      decayProj: matrix('decayProj'),
      betaProj: matrix('betaProj'),
      decayRate: vector('decayRate'),
      decayBias: vector('decayBias'),
      valueNorm: vector('valueNorm'),
      outProj: matrix('outProj'),
    };
  }
  const projections = {
    qProj: matrix('qProj'),
    kProj: matrix('kProj'),
    vProj: matrix('vProj'),
    oProj: matrix('oProj'),
  };
  if (!hybrid) return { kind: 'attention', ...projections };
  return { kind: 'gated-attention', ...projections, qNorm: vector('qNorm'), kNorm: vector('kNorm') };
}
