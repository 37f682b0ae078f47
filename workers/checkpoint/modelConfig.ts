import type { HybridConfig } from './hybridConfig';
import type { VisionConfig } from './visionConfig';

/** Everything the forward pass needs to know about a checkpoint, under one set of names. */
export interface ModelConfig {
  architecture: 'minicpm' | 'llama' | 'qwen3.5';
  hiddenSize: number;
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  numKvHeads: number;
  headDim: number;
  vocabSize: number;
  /** Longest context the checkpoint was made for. */
  maxPositions: number;
  rmsNormEps: number;
  tieWordEmbeddings: boolean;
  rope: RopeConfig;
  /** Embedding rows are multiplied by this (`scale_emb`). */
  embeddingScale: number;
  /** Attention and MLP branches are multiplied by this before they join the residual stream (`scale_depth / √numLayers`). */
  residualScale: number;
  /** The final hidden state is multiplied by this before the head (`dim_model_base / hidden_size`). */
  logitScale: number;
  bosTokenId: number | null;
  eosTokenIds: number[];
  /** Of a model that not only attends. */
  hybrid?: HybridConfig;
  /** Of a model that takes pictures, too. */
  vision?: VisionConfig;
}

export interface RopeConfig {
  theta: number;
  /** LongRoPE: inverse frequency j is divided by factors[j]; null for plain RoPE. [rotated channels / 2] */
  factors: number[] | null;
  /** LongRoPE's gain on cos and sin; 1 for plain RoPE. */
  gain: number;
}
