import { writeInt4Row, writeInt8Row } from './blockRow';
import type { MatrixFormat, MatrixLayout } from './layout';
import { BLOCK_COLUMNS, blockOffset, headerOffset, matrixLayout, SUPERBLOCK_BLOCKS, TILE_ROWS } from './layout';
import { float32ToScaledHalf, LARGEST_SCALED_HALF } from './scaledHalf';

/** The formats that hold weights quantised by someone else. */
export type CodedFormat = Exclude<MatrixFormat, 'f16' | 'f32'>;

/** Columns that share one scale (and offset). */
export const GROUP_COLUMNS: Record<CodedFormat, number> = { int4: 32, 'int4-affine': 32, int8: 16, 'int8-affine': 32 };

/**
 * Weights as integer codes, in groups of GROUP_COLUMNS columns that share weight = scale·code + offset, where for int4
 * scale and offset are multiples of units that 8 groups share: scale = unit·multiple, offset = −unit·multiple.
 */
export interface CodedRows {
  /** [rowCount, columns]: 0..15 for int4 and int4-affine, −128..127 for int8 and int8-affine. */
  codes: Int8Array;
  /** [rowCount, groups per row]; for int4 the multiples, 0..255. */
  scales: Float32Array;
  /** [rowCount, groups per row]; for int4 the multiples, 0..255; not read for int8. */
  offsets: Float32Array;
  /** [rowCount, superblocks per row, 2]: unit of the scales, unit of the offsets; empty but for int4. */
  units: Float32Array;
}

/** Room for `rowCount` rows of codes and their scales, zero-filled. */
export function allocateCodedRows(format: CodedFormat, rowCount: number, columns: number): CodedRows {
  const groups = Math.ceil(columns / GROUP_COLUMNS[format]);
  const superblocks = format === 'int4' ? Math.ceil(groups / SUPERBLOCK_BLOCKS) : 0;
  return {
    codes: new Int8Array(rowCount * columns),
    scales: new Float32Array(rowCount * groups),
    offsets: new Float32Array(rowCount * groups),
    units: new Float32Array(rowCount * superblocks * 2),
  };
}

/**
 * Packs up to 32 rows that are already quantised into one tile of `matrixLayout(…).tileBytes` bytes at `out[outOffset]`,
 * keeping codes and multiples and rounding scales, offsets and units to h16 (layout.ts), which is exact for halves; what
 * was there before is overwritten. Missing rows become zero weights. Throws RangeError naming row and column of a scale,
 * offset or unit that h16 cannot hold, and if the arguments do not fit each other.
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
  if (format === 'int4') {
    writeUnits(rows, rowCount, layout, tile);
    writeMultiples(rows, rowCount, layout, tile);
  } else {
    writeScales(format, rows, rowCount, layout, tile);
  }
}

function writeCodes(
  format: CodedFormat,
  codes: Int8Array,
  rowCount: number,
  layout: MatrixLayout,
  tile: Uint8Array,
): void {
  const { columns, blocks } = layout;
  const writeRow = format === 'int4' || format === 'int4-affine' ? writeInt4Row : writeInt8Row;
  const lastBlock = new Int8Array(BLOCK_COLUMNS);
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * columns + block * BLOCK_COLUMNS;
      const isWhole = (block + 1) * BLOCK_COLUMNS <= columns;
      if (!isWhole) lastBlock.set(codes.subarray(start, (row + 1) * columns));
      writeRow(tile, blockOffset(layout, block), row, isWhole ? codes : lastBlock, isWhole ? start : 0);
    }
  }
}

function writeUnits({ units }: CodedRows, rowCount: number, layout: MatrixLayout, tile: Uint8Array): void {
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  let from = 0;
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < layout.blocks; block += SUPERBLOCK_BLOCKS) {
      const at = headerOffset(layout, block) + row * 4;
      const column = block * BLOCK_COLUMNS;
      view.setUint16(at, scaleBits(units[from++]!, 'unit of the scales', row, column), true);
      view.setUint16(at + 2, scaleBits(units[from++]!, 'unit of the offsets', row, column), true);
    }
  }
}

function writeMultiples(
  { scales, offsets }: CodedRows,
  rowCount: number,
  layout: MatrixLayout,
  tile: Uint8Array,
): void {
  const { blocks, codeBytes } = layout;
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < blocks; block++) {
      const at = blockOffset(layout, block) + codeBytes + row * 2;
      tile[at] = scales[row * blocks + block]!;
      tile[at + 1] = offsets[row * blocks + block]!;
    }
  }
}

function writeScales(
  format: CodedFormat,
  { scales, offsets }: CodedRows,
  rowCount: number,
  layout: MatrixLayout,
  tile: Uint8Array,
): void {
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  const groupColumns = GROUP_COLUMNS[format];
  const groups = Math.ceil(layout.columns / groupColumns);
  for (let row = 0; row < rowCount; row++) {
    for (let group = 0; group < groups; group++) {
      const column = group * groupColumns;
      const at = blockOffset(layout, Math.floor(column / BLOCK_COLUMNS)) + layout.codeBytes + row * 4;
      const scale = scaleBits(scales[row * groups + group]!, 'scale', row, column);
      view.setUint16(at + (column % BLOCK_COLUMNS ? 2 : 0), scale, true);
      if (format === 'int8') continue;
      view.setUint16(at + 2, scaleBits(offsets[row * groups + group]!, 'offset', row, column), true);
    }
  }
}

function scaleBits(value: number, what: string, row: number, column: number): number {
  const bits = float32ToScaledHalf(value);
  if ((bits & 0x7c00) === 0x7c00) {
    throw new RangeError(
      `the ${what} of row ${row} from column ${column} on is ${value}, beyond ±${LARGEST_SCALED_HALF}`,
    );
  }
  return bits;
}
