import { writeInt8Row } from './blockRow';
import { float16ToFloat32, float32ToFloat16 } from './half';
import type { MatrixLayout } from './layout';
import { BLOCK_COLUMNS } from './layout';

const GROUP_COLUMNS = 16;
const LARGEST_CODE = 127;
const LARGEST_FLOAT16_BITS = 0x7bff;

const codes = new Int8Array(BLOCK_COLUMNS);

/** Quantises rows of weights to weight = scale·code, one f16 scale per 16 columns, into a zeroed tile. */
export function packInt8(rows: Float32Array, rowCount: number, layout: MatrixLayout, tile: Uint8Array): void {
  const { blocks, blockBytes, codeBytes, columns } = layout;
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < blocks; block++) {
      const blockOffset = block * blockBytes;
      codes.fill(0);
      for (let half = 0; half < 2; half++) {
        const column = block * BLOCK_COLUMNS + half * GROUP_COLUMNS;
        const count = Math.min(GROUP_COLUMNS, columns - column);
        const scaleBits = quantiseGroup(rows, row * columns + column, count, half * GROUP_COLUMNS);
        view.setUint16(blockOffset + codeBytes + row * 4 + half * 2, scaleBits, true);
      }
      writeInt8Row(tile, blockOffset, row, codes, 0);
    }
  }
}

/** Fills `codes[at…]` for `count` weights and returns the bits of their scale. */
function quantiseGroup(rows: Float32Array, start: number, count: number, at: number): number {
  let largest = 0;
  for (let i = start; i < start + count; i++) largest = Math.max(largest, Math.abs(rows[i]!));
  if (largest === 0) return 0;
  const scaleBits = scaleFor(largest);
  const inverse = 1 / float16ToFloat32(scaleBits);
  for (let i = 0; i < count; i++) {
    const code = Math.round(rows[start + i]! * inverse);
    codes[at + i] = Math.max(-LARGEST_CODE, Math.min(LARGEST_CODE, code));
  }
  return scaleBits;
}

/** The f16 nearest to largest / 127, or the next above where that one, being subnormal, would clip. */
function scaleFor(largest: number): number {
  const bits = Math.min(LARGEST_FLOAT16_BITS, float32ToFloat16(largest / LARGEST_CODE));
  const clips = float16ToFloat32(bits) * (LARGEST_CODE + 0.5) < largest;
  return clips && bits < LARGEST_FLOAT16_BITS ? bits + 1 : bits;
}
