import type { MatrixFormat } from './layout';
import { BLOCK_COLUMNS, matrixLayout, TILE_ROWS } from './layout';
import { MatrixReader } from './unpack';

const blockWeights = new Float32Array(TILE_ROWS * BLOCK_COLUMNS);

/**
 * out[m, n] = Σ_k x[m, k]·W[n, k] for a packed matrix W [rows, columns], summed in double precision and rounded once.
 * x is [xRows, ≥ columns] with rows `xStride` apart; row m of the result starts at `out[outOffset + m·outStride]`.
 * Throws RangeError when `bytes` is too short.
 */
export function linearReference(
  format: MatrixFormat,
  bytes: Uint8Array,
  rows: number,
  columns: number,
  x: Float32Array,
  xStride: number,
  xRows: number,
  out: Float32Array,
  outStride: number,
  outOffset: number,
): void {
  const layout = matrixLayout(format, rows, columns);
  const reader = new MatrixReader(layout, bytes);
  const sums = new Float64Array(xRows * TILE_ROWS);
  for (let tile = 0; tile < layout.tiles; tile++) {
    sums.fill(0);
    for (let block = 0; block < layout.blocks; block++) {
      reader.readBlock(tile, block, blockWeights);
      const column = block * BLOCK_COLUMNS;
      const count = Math.min(BLOCK_COLUMNS, columns - column);
      for (let m = 0; m < xRows; m++) addBlockProduct(x, m * xStride + column, count, sums, m * TILE_ROWS);
    }
    const firstRow = tile * TILE_ROWS;
    const rowCount = Math.min(TILE_ROWS, rows - firstRow);
    for (let m = 0; m < xRows; m++) {
      const start = m * TILE_ROWS;
      out.set(sums.subarray(start, start + rowCount), outOffset + m * outStride + firstRow);
    }
  }
}

/** Adds the products of one block row of x with the 32 rows of `blockWeights`, four rows at a time. */
function addBlockProduct(x: Float32Array, xStart: number, count: number, sums: Float64Array, sumStart: number): void {
  const weights = blockWeights;
  const xEnd = xStart + count;
  for (let row = 0; row < TILE_ROWS; row += 4) {
    let w0 = row * BLOCK_COLUMNS;
    let w1 = w0 + BLOCK_COLUMNS;
    let w2 = w1 + BLOCK_COLUMNS;
    let w3 = w2 + BLOCK_COLUMNS;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let k = xStart; k < xEnd; k++) {
      const value = x[k]!;
      sum0 += value * weights[w0++]!;
      sum1 += value * weights[w1++]!;
      sum2 += value * weights[w2++]!;
      sum3 += value * weights[w3++]!;
    }
    const at = sumStart + row;
    sums[at] = sums[at]! + sum0;
    sums[at + 1] = sums[at + 1]! + sum1;
    sums[at + 2] = sums[at + 2]! + sum2;
    sums[at + 3] = sums[at + 3]! + sum3;
  }
}
