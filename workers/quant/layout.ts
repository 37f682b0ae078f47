/**
 * The one packed weight layout, shared by importer, kernels and references.
 *
 * A matrix [rows, columns] is cut into tiles of 32 rows, and each tile into blocks of 32 columns, 8 of which make a
 * superblock; the last one of a tile may have fewer. A tile is stored contiguously, from left to right. All units are 16
 * bytes (one `vec4<u32>`), so one read-only storage binding per matrix serves every kernel:
 *
 *   tile       = superblock 0 | superblock 1 | …
 *   superblock = header | block 0 | … | block 7
 *   block      = codes | scales       codes are ordered [j][row]: the j-th vec4 of each of the 32 rows side by side
 *
 * | format       | header per superblock | codes per row and block                      | scales per row and block                | weight                       |
 * |--------------|-----------------------|----------------------------------------------|-----------------------------------------|------------------------------|
 * | int4         | per row u32:          | 1 vec4; word j, byte b: low nibble is column | u16: u8 scale (low), u8 min (high)      | scale unit·scale·code        |
 * |              | h16 scale unit (low), | 8j + b, high nibble is column 8j + 4 + b     |                                         |   − min unit·min             |
 * |              | h16 min unit (high)   |                                              |                                         |                              |
 * | int4-affine  | none                  | as int4                                      | u32: h16 scale (low), h16 offset (high) | scale·code + offset          |
 * | int8         | none                  | 2 vec4; bytes in column order, signed        | u32: h16 scale of columns 0–15 (low),   | scale·code                   |
 * |              |                       |                                              |      h16 scale of columns 16–31 (high)  |                              |
 * | int8-affine  | none                  | as int8                                      | u32: h16 scale (low), h16 offset (high) | scale·code + offset          |
 * | f16          | none                  | 4 vec4; halves in column order               | none                                    | code                         |
 * | f32          | none                  | 8 vec4; floats in column order               | none                                    | code                         |
 *
 * An h16 is the f16 of 1024 times its value (scaledHalf.ts). Scales of trained weights are often among the subnormal
 * halves, which are imprecise and which a GPU may read as zero; 1024 times any half is a normal one. Its price is the
 * range: an h16 reaches ±63.97, a weight of int4 ±16312, far beyond what models have. Scales and units may be negative.
 *
 * The formats hold the blocks of GGML files as they are: int4 the superblocks of Q4_K, exactly; int4-affine Q4_0 and Q4_1,
 * int8 Q5_0 and Q8_0 and int8-affine Q5_1, exactly; int8 Q6_K and int8-affine Q5_K but for the rounding of each scale, a
 * product of two factors there, to h16. An offset of Q5_K is many steps, so rounding it would cost more than that: its
 * whole steps move to the codes and at most half a step remains (centerOffsets.ts). int4-affine also holds groups of GPTQ and
 * AWQ of whole blocks, but for the rounding of −scale·zero to h16, and those of MLX exactly.
 *
 * Scales and header entries of the 32 rows follow each other in row order. Rows and columns beyond the matrix are padded
 * with weights that are exactly zero (columns beyond the end of a partly filled block: any finite value, because
 * activations are zero there).
 */
export const TILE_ROWS = 32;
export const BLOCK_COLUMNS = 32;
/** Blocks per superblock. */
export const SUPERBLOCK_BLOCKS = 8;

export type MatrixFormat = 'int4' | 'int4-affine' | 'int8' | 'int8-affine' | 'f16' | 'f32';

interface FormatSizes {
  /** Bytes in front of each superblock. */
  headerBytes: number;
  /** Bytes of codes per block of 32 × 32 weights. */
  codeBytes: number;
  /** Bytes of scales per block, stored behind the codes. */
  scaleBytes: number;
}

export const FORMAT_SIZES: Record<MatrixFormat, FormatSizes> = {
  int4: { headerBytes: 128, codeBytes: 512, scaleBytes: 64 },
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
  const tileBytes = Math.ceil(blocks / SUPERBLOCK_BLOCKS) * sizes.headerBytes + blocks * blockBytes;
  return { format, rows, columns, tiles, blocks, ...sizes, blockBytes, tileBytes, bytes: tiles * tileBytes };
}

/** Where the header of the superblock of column block `block` starts, from the start of the tile. */
export function headerOffset({ headerBytes, blockBytes }: MatrixLayout, block: number): number {
  return Math.floor(block / SUPERBLOCK_BLOCKS) * (headerBytes + SUPERBLOCK_BLOCKS * blockBytes);
}

/** Where column block `block` starts, from the start of the tile. */
export function blockOffset({ headerBytes, blockBytes }: MatrixLayout, block: number): number {
  return (Math.floor(block / SUPERBLOCK_BLOCKS) + 1) * headerBytes + block * blockBytes;
}

/** Width of an activation row: `columns` rounded up to whole blocks; the padding is always zero. */
export function paddedWidth(columns: number): number {
  return Math.ceil(columns / BLOCK_COLUMNS) * BLOCK_COLUMNS;
}
