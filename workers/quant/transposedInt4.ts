import { GROUPED_BLOCK_COLUMNS, GROUPED_BLOCK_WORDS } from './groupedInt4';

/** How GPTQ and AWQ lay out the 4-bit codes of a matrix, one column of the matrix after another. */
export interface CodeOrder {
  /**
   * Writes the codes of block `block` (32 columns) of `rowCount` rows from `firstRow` on, a multiple of 8, as 4 words per
   * row, the first column in the lowest bits, to `out[at + row·stride…]`. `rows` are those of the whole matrix.
   */
  copyBlock(
    codes: Uint32Array,
    rows: number,
    firstRow: number,
    rowCount: number,
    block: number,
    out: Uint32Array,
    at: number,
    stride: number,
  ): void;
  /** Where in a word of 8 zeros, or in AWQ of 8 codes, that of row r is, for r modulo 8: bits from the lowest on. */
  shifts: readonly number[];
}

/** GPTQ's qweight, [columns / 8, rows]: a word holds 8 columns of one row, the first in the lowest bits. */
export const GPTQ_ORDER: CodeOrder = {
  copyBlock(codes, rows, firstRow, rowCount, block, out, at, stride) {
    for (let j = 0; j < 4; j++) {
      const from = (block * 4 + j) * rows + firstRow;
      for (let row = 0; row < rowCount; row++) out[at + row * stride + j] = codes[from + row]!;
    }
  },
  shifts: [0, 4, 8, 12, 16, 20, 24, 28],
};

/** AWQ's qweight in the order of its `gemm` version, [columns, rows / 8]: a word holds rows 0, 2, 4, 6, 1, 3, 5, 7. */
export const AWQ_ORDER: CodeOrder = {
  copyBlock(codes, rows, firstRow, rowCount, block, out, at, stride) {
    const words = rows / 8;
    for (let row = 0; row < rowCount; row++) {
      const from = block * GROUPED_BLOCK_COLUMNS * words + ((firstRow + row) >> 3);
      const shift = AWQ_ORDER.shifts[row & 7]!;
      for (let j = 0; j < 4; j++) {
        let packed = 0;
        for (let i = 0; i < 8; i++) packed |= ((codes[from + (8 * j + i) * words]! >>> shift) & 15) << (4 * i);
        out[at + row * stride + j] = packed;
      }
    }
  },
  shifts: [0, 16, 4, 20, 8, 24, 12, 28],
};

/** A matrix [rows, columns] as GPTQ and AWQ store it: weight = scale·(code − zero). */
export interface TransposedInt4 {
  order: CodeOrder;
  rows: number;
  columns: number;
  codes: Uint32Array;
  /** [groups, rows] */
  scales: Float32Array;
  /** [groups, rows / 8]: 8 zeros of 4 bits in a word, in the order of the codes. */
  zeros: Uint32Array;
  /** What is added to a stored zero, modulo 16. */
  zeroOffset: 0 | 1;
  /** The group of each column. */
  groups: Int32Array;
}

/** Whether all 32 columns of every block are of one group. */
export function hasWholeBlocks(groups: Int32Array): boolean {
  return groups.every((group, column) => group === groups[column - (column % GROUPED_BLOCK_COLUMNS)]);
}

/**
 * Rows `firstRow` (a multiple of 8) to `endRow` as GROUPED_INT4, one after another; exact. The blocks must be whole.
 * Columns are a multiple of 32.
 */
export function groupedRows(matrix: TransposedInt4, firstRow: number, endRow: number): Uint8Array<ArrayBuffer> {
  const { order, rows, columns, codes, scales, groups } = matrix;
  const blocks = columns / GROUPED_BLOCK_COLUMNS;
  const rowCount = endRow - firstRow;
  const stride = blocks * GROUPED_BLOCK_WORDS;
  const words = new Uint32Array(rowCount * stride);
  const floats = new Float32Array(words.buffer);
  for (let block = 0; block < blocks; block++) {
    const at = block * GROUPED_BLOCK_WORDS;
    const group = groups[block * GROUPED_BLOCK_COLUMNS]!;
    for (let row = 0; row < rowCount; row++) {
      const scale = scales[group * rows + firstRow + row]!;
      floats[at + row * stride] = scale;
      floats[at + row * stride + 1] = -scale * zeroOf(matrix, group, firstRow + row);
    }
    order.copyBlock(codes, rows, firstRow, rowCount, block, words, at + 2, stride);
  }
  return new Uint8Array(words.buffer);
}

/** The same rows as MIXED_INT4: any columns may be of any group. */
export function mixedRows(matrix: TransposedInt4, firstRow: number, endRow: number): Uint8Array<ArrayBuffer> {
  const { order, rows, columns, codes, scales, groups } = matrix;
  const rowCount = endRow - firstRow;
  const zeros = new Uint8Array(scales.length);
  for (let i = 0; i < zeros.length; i++) zeros[i] = zeroOf(matrix, Math.floor(i / rows), i % rows);
  const weights = new Float32Array(rowCount * columns);
  const words = new Uint32Array(rowCount * 4);
  for (let block = 0; block * GROUPED_BLOCK_COLUMNS < columns; block++) {
    order.copyBlock(codes, rows, firstRow, rowCount, block, words, 0, 4);
    for (let i = 0; i < GROUPED_BLOCK_COLUMNS; i++) {
      const column = block * GROUPED_BLOCK_COLUMNS + i;
      const start = groups[column]! * rows + firstRow;
      for (let row = 0; row < rowCount; row++) {
        const code = (words[row * 4 + (i >> 3)]! >>> (4 * (i & 7))) & 15;
        weights[row * columns + column] = scales[start + row]! * (code - zeros[start + row]!);
      }
    }
  }
  return new Uint8Array(weights.buffer);
}

function zeroOf({ order, rows, zeros, zeroOffset }: TransposedInt4, group: number, row: number): number {
  const stored = zeros[(group * rows + row) >> 3]! >>> order.shifts[row & 7]!;
  return (stored + zeroOffset) & 15;
}
