import type { WgslSource } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import text from './latentHeads.wgsl?raw';

/**
 * Heads of multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 §2.1) as they attend here: what would make keys and
 * values of a head out of the cached latent is applied to its queries, and to what it attends to, instead. So all heads
 * share one key of ropeDim + rank channels, first those that rotate and then the latent, which is their value as well.
 *
 * The matrix of both, `kvB` [numHeads · (contentDim + valueDim), rank], has a head's key rows in front of its value rows.
 * ropeDim, rank and contentDim are multiples of 4.
 */
export interface LatentHeads {
  numHeads: number;
  /** Channels of the latent. */
  rank: number;
  /** Channels that rotate. */
  ropeDim: number;
  /** Channels of a query that meet the latent, before `kvB` is applied to them. */
  contentDim: number;
  /** Channels of a value. */
  valueDim: number;
}

/** The same, and how `kvB` is packed. */
export interface PackedLatentHeads extends LatentHeads {
  format: MatrixFormat;
}

/** Their sizes as overrides. */
export const LATENT_HEADS: WgslSource = { file: 'latentHeads.wgsl', text };

/** Values of the overrides of LATENT_HEADS. */
export function latentHeadConstants({ rank, ropeDim, contentDim, valueDim }: LatentHeads): Record<string, number> {
  return { RANK_QUADS: rank / 4, ROPE_QUADS: ropeDim / 4, CONTENT_DIM: contentDim, VALUE_DIM: valueDim };
}

/** Channels of the key, and of a query that meets it. */
export function latentHeadDim({ rank, ropeDim }: LatentHeads): number {
  return ropeDim + rank;
}

/** Rows of `kvB`. */
export function kvBRows({ numHeads, contentDim, valueDim }: LatentHeads): number {
  return numHeads * (contentDim + valueDim);
}
