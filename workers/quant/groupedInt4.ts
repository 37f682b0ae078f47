import type { GgmlType } from './ggml';
import type { CodedRows } from './packCodes';

/** Columns of a block. */
export const GROUPED_BLOCK_COLUMNS = 32;
/** 32-bit words of a block: scale, offset, codes. */
export const GROUPED_BLOCK_WORDS = 6;

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/**
 * What matrices of GPTQ, AWQ and MLX are assembled into before they are packed: rows of blocks of 32 columns of one group,
 * weight = scale·code + offset: f32 scale, f32 offset, 32 codes of 4 bits, the first in the lowest bits.
 */
export const GROUPED_INT4: GgmlType = {
  name: 'grouped int4',
  blockSize: GROUPED_BLOCK_COLUMNS,
  blockBytes: GROUPED_BLOCK_WORDS * 4,
  format: 'int4-affine',
  unpack: unpackGroupedInt4,
};

/** The same for matrices whose blocks of 32 columns are of several groups: their weights, as f32. */
export const MIXED_INT4: GgmlType = {
  name: 'int4 of mixed groups',
  blockSize: 1,
  blockBytes: 4,
  format: 'float',
  decode: (bytes) => new Float32Array(bytes.slice().buffer),
};

function unpackGroupedInt4(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  target.scales[group] = readFloat(bytes, offset);
  target.offsets[group] = readFloat(bytes, offset + 4);
  for (let i = 0; i < GROUPED_BLOCK_COLUMNS / 2; i++) {
    const pair = bytes[offset + 8 + i]!;
    target.codes[code + 2 * i] = pair & 15;
    target.codes[code + 2 * i + 1] = pair >> 4;
  }
}

/** The little-endian f32 at `offset`. */
function readFloat(bytes: Uint8Array, offset: number): number {
  word[0] = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
  return float[0]!;
}

/**
 * Rows of a matrix as MLX stores them, as GROUPED_INT4: `codes` [rows, columns / 8], the first of 8 columns in the lowest
 * bits; `scales` and `offsets` [rows, columns / groupColumns]. Groups are of whole blocks.
 */
export function groupedFromRows(
  codes: Uint32Array,
  scales: Float32Array,
  offsets: Float32Array,
  columns: number,
  groupColumns: number,
): Uint8Array<ArrayBuffer> {
  const blocks = (codes.length * 8) / GROUPED_BLOCK_COLUMNS;
  const words = new Uint32Array(blocks * GROUPED_BLOCK_WORDS);
  const floats = new Float32Array(words.buffer);
  const blocksPerRow = columns / GROUPED_BLOCK_COLUMNS;
  const blocksPerGroup = groupColumns / GROUPED_BLOCK_COLUMNS;
  const groupsPerRow = columns / groupColumns;
  for (let block = 0; block < blocks; block++) {
    const row = Math.floor(block / blocksPerRow);
    const group = row * groupsPerRow + Math.floor((block % blocksPerRow) / blocksPerGroup);
    const at = block * GROUPED_BLOCK_WORDS;
    floats[at] = scales[group]!;
    floats[at + 1] = offsets[group]!;
    for (let j = 0; j < 4; j++) words[at + 2 + j] = codes[block * 4 + j]!;
  }
  return new Uint8Array(words.buffer);
}
