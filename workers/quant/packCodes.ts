import { writeInt4Row, writeInt8Row } from './blockRow';
import { float32ToFloat16 } from './half';
import type { MatrixLayout } from './layout';
import { BLOCK_COLUMNS, matrixLayout, TILE_ROWS } from './layout';

/** The formats that hold weights quantised by someone else. */
export type CodedFormat = 'int4-affine' | 'int8' | 'int8-affine';

/** Columns that share one scale (and offset). */
export const GROUP_COLUMNS: Record<CodedFormat, number> = { 'int4-affine': 32, int8: 16, 'int8-affine': 32 };

/** Weights as integer codes, in groups of GROUP_COLUMNS columns that share weight = scale·code + offset. */
export interface CodedRows {
  /** [rowCount, columns]: 0..15 for int4-affine, −128..127 for int8, the low byte of 0..255 for int8-affine. */
  codes: Int8Array;
  /** [rowCount, groups per row] */
  scales: Float32Array;
  /** [rowCount, groups per row]; not read for int8. */
  offsets: Float32Array;
}

/** Room for `rowCount` rows of codes and their scales, zero-filled. */
export function allocateCodedRows(format: CodedFormat, rowCount: number, columns: number): CodedRows {
  const groups = rowCount * Math.ceil(columns / GROUP_COLUMNS[format]);
  return {
    codes: new Int8Array(rowCount * columns),
    scales: new Float32Array(groups),
    offsets: new Float32Array(groups),
  };
}

/**
 * Packs up to 32 rows that are already quantised into one tile of `matrixLayout(…).tileBytes` bytes at `out[outOffset]`,
 * keeping the codes and rounding scales and offsets to f16; what was there before is overwritten. Missing rows become
 * zero weights. Throws RangeError naming row and column of a scale or offset that f16 cannot hold, and if the arguments
 * do not fit each other.
 */
export function packCodes(
  format: CodedFormat,
  rows: CodedRows,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  if (rowCount > TILE_ROWS || rows.codes.length < rowCount * columns) {
    throw new RangeError(
      `${rows.codes.length} codes given for ${rowCount} rows of ${columns}; a tile has ${TILE_ROWS} rows`,
    );
  }
  const layout = matrixLayout(format, TILE_ROWS, columns);
  if (out.length < outOffset + layout.tileBytes) {
    throw new RangeError(`a tile of ${layout.tileBytes} bytes does not fit ${out.length} bytes at ${outOffset}`);
  }
  const tile = out.subarray(outOffset, outOffset + layout.tileBytes).fill(0);
  writeCodes(format, rows.codes, rowCount, layout, tile);
  writeScales(format, rows, rowCount, layout, tile);
}

function writeCodes(
  format: CodedFormat,
  codes: Int8Array,
  rowCount: number,
  { columns, blocks, blockBytes }: MatrixLayout,
  tile: Uint8Array,
): void {
  const writeRow = format === 'int4-affine' ? writeInt4Row : writeInt8Row;
  const lastBlock = new Int8Array(BLOCK_COLUMNS);
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * columns + block * BLOCK_COLUMNS;
      const isWhole = (block + 1) * BLOCK_COLUMNS <= columns;
      if (!isWhole) lastBlock.set(codes.subarray(start, (row + 1) * columns));
      writeRow(tile, block * blockBytes, row, isWhole ? codes : lastBlock, isWhole ? start : 0);
    }
  }
}

function writeScales(
  format: CodedFormat,
  { scales, offsets }: CodedRows,
  rowCount: number,
  { columns, blockBytes, codeBytes }: MatrixLayout,
  tile: Uint8Array,
): void {
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  const groupColumns = GROUP_COLUMNS[format];
  const groups = Math.ceil(columns / groupColumns);
  for (let row = 0; row < rowCount; row++) {
    for (let group = 0; group < groups; group++) {
      const column = group * groupColumns;
      const at = Math.floor(column / BLOCK_COLUMNS) * blockBytes + codeBytes + row * 4;
      const scale = halfBits(scales[row * groups + group]!, 'scale', row, column);
      view.setUint16(at + (column % BLOCK_COLUMNS ? 2 : 0), scale, true);
      if (format === 'int8') continue;
      view.setUint16(at + 2, halfBits(offsets[row * groups + group]!, 'offset', row, column), true);
    }
  }
}

function halfBits(value: number, what: string, row: number, column: number): number {
  const bits = float32ToFloat16(value);
  if ((bits & 0x7c00) === 0x7c00) {
    throw new RangeError(`the ${what} of row ${row} from column ${column} on is ${value}, which f16 cannot hold`);
  }
  return bits;
}
