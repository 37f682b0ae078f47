import { ROW_BYTES, STRIPE_BYTES } from './blockRow';
import { float32ToFloat16 } from './half';
import type { MatrixLayout } from './layout';
import { BLOCK_COLUMNS } from './layout';

const LARGEST_FLOAT16 = 65504;

/** Rounds rows of weights to f16 into a zeroed tile; weights beyond ±65504 saturate. */
export function packFloat16(rows: Float32Array, rowCount: number, layout: MatrixLayout, tile: Uint8Array): void {
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  forEachWeight(rows, rowCount, layout, 2, (offset, weight) => {
    const clamped = Math.max(-LARGEST_FLOAT16, Math.min(LARGEST_FLOAT16, weight));
    view.setUint16(offset, float32ToFloat16(clamped), true);
  });
}

/** Copies rows of weights into a zeroed tile. */
export function packFloat32(rows: Float32Array, rowCount: number, layout: MatrixLayout, tile: Uint8Array): void {
  const view = new DataView(tile.buffer, tile.byteOffset, tile.byteLength);
  forEachWeight(rows, rowCount, layout, 4, (offset, weight) => view.setFloat32(offset, weight, true));
}

function forEachWeight(
  rows: Float32Array,
  rowCount: number,
  { columns, blockBytes }: MatrixLayout,
  weightBytes: number,
  put: (offset: number, weight: number) => void,
): void {
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < columns; column++) {
      const block = Math.floor(column / BLOCK_COLUMNS);
      const byte = (column % BLOCK_COLUMNS) * weightBytes;
      const stripe = Math.floor(byte / ROW_BYTES);
      const offset = block * blockBytes + stripe * STRIPE_BYTES + row * ROW_BYTES + (byte % ROW_BYTES);
      put(offset, rows[row * columns + column]!);
    }
  }
}
