import type { LatentHeads } from '../kernels/shared/latentHeads';
import { kvBRows } from '../kernels/shared/latentHeads';
import type { MatrixFormat } from '../quant/layout';
import { unpackMatrix } from '../quant/unpack';
import { randomPackedMatrix } from './packedMatrix';
import type { Random } from './random';

/** Sizes in the order in which LatentHeads has them. */
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
  const packed = randomPackedMatrix(random, format, kvBRows(heads), rank);
  const weights = unpackMatrix(format, packed, kvBRows(heads), rank);
  const rowOf = (row: number) => weights.subarray(row * rank, (row + 1) * rank);
  return { packed, rowOf, weightRow: (row: number, into: Float32Array) => into.set(rowOf(row)) };
}
