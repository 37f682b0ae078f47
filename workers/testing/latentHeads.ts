import type { LatentHeads } from '../kernels/shared/latentHeads';
import { latentRows } from '../kernels/shared/latentHeads';
import type { MatrixFormat } from '../quant/layout';
import { unpackMatrix } from '../quant/unpack';
import { randomPackedMatrix } from './packedMatrix';
import type { Random } from './random';

/** Heads of latent attention in the order in which a test's name has them. */
export function latentHeads(
  numHeads: number,
  rank: number,
  ropeDim: number,
  contentDim: number,
  valueDim: number,
): LatentHeads {
  return { numHeads, rank, ropeDim, contentDim, valueDim };
}

/** A random `kvB`, packed, and what reads a row of it. */
export function randomKvB(random: Random, format: MatrixFormat, heads: LatentHeads) {
  const { rank } = heads;
  const packed = randomPackedMatrix(random, format, latentRows(heads), rank);
  const weights = unpackMatrix(format, packed, latentRows(heads), rank);
  const rowOf = (row: number) => weights.subarray(row * rank, (row + 1) * rank);
  return { packed, rowOf, weightRow: (row: number, into: Float32Array) => into.set(rowOf(row)) };
}
