import { writeInt8Row } from './blockRow';
import type { MatrixLayout } from './layout';
import { BLOCK_COLUMNS } from './layout';
import { float32ToScaledHalf, nearestScaledHalf } from './scaledHalf';

const GROUP_COLUMNS = 16;
const LARGEST_CODE = 127;

const codes = new Int8Array(BLOCK_COLUMNS);

/** Quantises rows of weights to weight = scale·code, one h16 scale per 16 columns, into a zeroed tile. */
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
        const scale = quantiseGroup(rows, row * columns + column, count, half * GROUP_COLUMNS);
        view.setUint16(blockOffset + codeBytes + row * 4 + half * 2, float32ToScaledHalf(scale), true);
      }
      writeInt8Row(tile, blockOffset, row, codes, 0);
    }
  }
}

/** Fills `codes[at…]` for `count` weights and returns their scale. */
function quantiseGroup(rows: Float32Array, start: number, count: number, at: number): number {
  let largest = 0;
  for (let i = start; i < start + count; i++) largest = Math.max(largest, Math.abs(rows[i]!));
  if (largest === 0) return 0;
  const scale = nearestScaledHalf(largest / LARGEST_CODE);
  const inverse = 1 / scale;
  for (let i = 0; i < count; i++) {
    const code = Math.round(rows[start + i]! * inverse);
    codes[at + i] = Math.max(-LARGEST_CODE, Math.min(LARGEST_CODE, code));
  }
  return scale;
}
