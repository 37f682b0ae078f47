import type { HybridConfig } from './hybridConfig';
import type { VisionConfig } from './visionConfig';

/** Everything the forward pass needs to know about a checkpoint, under one set of names. */
export interface ModelConfig {
  architecture: 'minicpm' | 'minicpm3' | 'llama' | 'qwen3.5';
  hiddenSize: number;
  intermediateSize: number;
  numLayers: number;
  numHeads: number;
  /** Heads that keys and values are cached of; with latent attention 1, which all query heads attend to. */
  numKvHeads: number;
  /** Channels of a head, as it is cached; with latent attention those that rotate and, behind them, the rank. */
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
  /** Of a model whose keys and values are made from one short vector. */
  latent?: LatentConfig;
  /** Of a model that takes pictures, too. */
  vision?: VisionConfig;
}

/** What tells how much of a head rotates. */
interface RotatingHead {
  headDim: number;
  hybrid?: HybridConfig | null;
  latent?: LatentConfig | null;
}

/** Channels of a head that rotate, which RoPE's table is for: the first ones of what is cached. */
export function rotaryDim({ headDim, hybrid, latent }: RotatingHead): number {
  return latent?.ropeDim ?? hybrid?.rotaryDim ?? headDim;
}

/** Of the authors' own classes: three scales, and one vocabulary matrix where nothing is said of it. */
export function isMiniCpm(architecture: ModelConfig['architecture']): boolean {
  return architecture === 'minicpm' || architecture === 'minicpm3';
}

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 §2.1): how MiniCPM3 makes queries, and keys and values from
 * one short vector.
 */
export interface LatentConfig {
  /** Channels that queries pass through (`q_lora_rank`). */
  queryRank: number;
  /** Channels that keys and values are made from (`kv_lora_rank`); these are cached. */
  rank: number;
  /** Channels of a query head that do not rotate (`qk_nope_head_dim`). */
  contentDim: number;
  /** Channels that rotate, of each query head and of the one key that all heads share (`qk_rope_head_dim`). */
  ropeDim: number;
  /** Channels of a value head: hidden size / heads, where the file does not say. */
  valueDim: number;
}

export interface RopeConfig {
  theta: number;
  /** LongRoPE: inverse frequency j is divided by factors[j]; null for plain RoPE. [rotated channels / 2] */
  factors: number[] | null;
  /** LongRoPE's gain on cos and sin; 1 for plain RoPE. */
  gain: number;
}
