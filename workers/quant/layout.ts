/**
 * The one packed weight layout, shared by importer, kernels and references.
 *
 * A matrix [rows, columns] is cut into tiles of 32 rows, and each tile into blocks of 32 columns. A tile is stored
 * contiguously: an optional header, then its blocks from left to right. All units are 16 bytes (one `vec4<u32>`), so one
 * read-only storage binding per matrix serves every kernel:
 *
 *   tile   = header | block 0 | block 1 | …
 *   block  = codes | scales           codes are ordered [j][row]: the j-th vec4 of each of the 32 rows side by side
 *
 * | format       | header           | codes per row and block                         | scales (per row and block)              | weight                       |
 * |--------------|------------------|-------------------------------------------------|-----------------------------------------|------------------------------|
 * | int4         | 2 × f32 per row  | 1 vec4; word j, byte b: low nibble is column    | u16: u8 scale (low), u8 min (high)      | header.x·scale·code          |
 * |              | {scale, min}     | 8j + b, high nibble is column 8j + 4 + b        |                                         |   − header.y·min             |
 * | int4-affine  | none             | as int4                                         | u32: f16 scale (low), f16 offset (high) | scale·code + offset          |
 * | int8         | none             | 2 vec4; bytes in column order, signed           | u32: f16 scale of columns 0–15 (low),   | scale·code                   |
 * |              |                  |                                                 |      f16 scale of columns 16–31 (high)  |                              |
 * | int8-affine  | none             | 2 vec4; bytes in column order, unsigned         | u32: f16 scale (low), f16 offset (high) | scale·code + offset          |
 * | f16          | none             | 4 vec4; halves in column order                  | none                                    | code                         |
 * | f32          | none             | 8 vec4; floats in column order                  | none                                    | code                         |
 *
 * Scales and header entries of the 32 rows follow each other in row order. Rows and columns beyond the matrix are padded
 * with weights that are exactly zero (columns beyond the end of a partly filled block: any finite value, because
 * activations are zero there).
 */
export const TILE_ROWS = 32;
export const BLOCK_COLUMNS = 32;

export type MatrixFormat = 'int4' | 'int4-affine' | 'int8' | 'int8-affine' | 'f16' | 'f32';

interface FormatSizes {
  /** Bytes in front of each tile. */
  headerBytes: number;
  /** Bytes of codes per block of 32 × 32 weights. */
  codeBytes: number;
  /** Bytes of scales per block, stored behind the codes. */
  scaleBytes: number;
}

export const FORMAT_SIZES: Record<MatrixFormat, FormatSizes> = {
  int4: { headerBytes: 256, codeBytes: 512, scaleBytes: 64 },
  'int4-affine': { headerBytes: 0, codeBytes: 512, scaleBytes: 128 },
  int8: { headerBytes: 0, codeBytes: 1024, scaleBytes: 128 },
  'int8-affine': { headerBytes: 0, codeBytes: 1024, scaleBytes: 128 },
  f16: { headerBytes: 0, codeBytes: 2048, scaleBytes: 0 },
  f32: { headerBytes: 0, codeBytes: 4096, scaleBytes: 0 },
};

export interface MatrixLayout extends FormatSizes {
  format: MatrixFormat;
  rows: number;
  columns: number;
  /** Row tiles, the last one padded. */
  tiles: number;
  /** Column blocks per tile, the last one padded. */
  blocks: number;
  blockBytes: number;
  tileBytes: number;
  bytes: number;
}

/** Sizes of a packed matrix, or of any whole number of its row tiles. */
export function matrixLayout(format: MatrixFormat, rows: number, columns: number): MatrixLayout {
  const sizes = FORMAT_SIZES[format];
  const tiles = Math.ceil(rows / TILE_ROWS);
  const blocks = Math.ceil(columns / BLOCK_COLUMNS);
  const blockBytes = sizes.codeBytes + sizes.scaleBytes;
  const tileBytes = sizes.headerBytes + blocks * blockBytes;
  return { format, rows, columns, tiles, blocks, ...sizes, blockBytes, tileBytes, bytes: tiles * tileBytes };
}

/** Width of an activation row: `columns` rounded up to whole blocks; the padding is always zero. */
export function paddedWidth(columns: number): number {
  return Math.ceil(columns / BLOCK_COLUMNS) * BLOCK_COLUMNS;
}
