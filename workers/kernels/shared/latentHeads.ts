import type { WgslSource } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import text from './latentHeads.wgsl?raw';
import { repeatLines } from './repeatLines';
import { weightPart } from './weightPart';

/**
 * Heads that attend to one vector of a token, [ropeDim rotated channels | latent of rank channels]: what they give is a latent,
 * of which a matrix with a row per channel makes a value. ropeDim and rank are multiples of 4.
 */
export interface LatentHeads {
  ropeDim: number;
  rank: number;
  /** Rows of a head in the matrix: those that made keys, then those that make its value. */
  contentDim: number;
  valueDim: number;
  /** How the matrix is packed. */
  format: MatrixFormat;
}

/** Quads of a block, which are loaded before any is waited for. */
const BLOCK_QUADS = 8;

/** `value_of_latent` of a kernel that has `latent_quad`, and the binding of the matrix. */
export function latentHeads({ format }: LatentHeads, binding: number): WgslSource[] {
  return [
    ...weightPart(format, 'of_values', binding, []),
    repeatLines({ file: 'latentHeads.wgsl', text }, { q: BLOCK_QUADS }),
  ];
}

/** Values of the overrides of `latentHeads`. */
export function latentHeadConstants({ ropeDim, rank, contentDim, valueDim, format }: LatentHeads) {
  return {
    ROPE_DIM: ropeDim,
    RANK: rank,
    CONTENT_DIM: contentDim,
    VALUE_DIM: valueDim,
    TILE_UNITS: matrixLayout(format, 1, rank).tileBytes / 16,
  };
}
