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

/** Formats of `kvB`, heads and rows: the oracle's heads, the published ones, sizes that fill no block, the widest. */
export const KV_B_CASES = [
  ['f32', latentHeads(4, 64, 32, 32, 96), 3],
  ['int4', latentHeads(5, 256, 32, 64, 64), 9],
  ['int4-affine', latentHeads(3, 36, 12, 20, 7), 8],
  ['int8', latentHeads(1, 68, 4, 4, 1), 17],
  ['int8-affine', latentHeads(2, 448, 64, 128, 128), 1],
  ['f16', latentHeads(2, 32, 8, 36, 5), 2],
] as const;

/** A random `kvB`, packed, and what reads a row of it. */
export function randomKvB(random: Random, format: MatrixFormat, heads: LatentHeads) {
  const { rank } = heads;
  const packed = randomPackedMatrix(random, format, kvBRows(heads), rank);
  const weights = unpackMatrix(format, packed, kvBRows(heads), rank);
  const rowOf = (row: number) => weights.subarray(row * rank, (row + 1) * rank);
  return { packed, rowOf, weightRow: (row: number, into: Float32Array) => into.set(rowOf(row)) };
}
