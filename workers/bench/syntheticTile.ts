import type { MatrixLayout } from '../quant/layout';
import { blockOffset, headerOffset, SUPERBLOCK_BLOCKS, TILE_ROWS } from '../quant/layout';
import { float32ToScaledHalf } from '../quant/scaledHalf';

/** Standard deviations of evenly drawn codes: of 0 to 15, and of −128 to 127. */
const INT4_DEVIATION = 4.61;
const INT8_DEVIATION = 73.9;
const INT4_MIDDLE = 7.5;
/** Mean of the 8-bit scales, drawn from 128 to 255. */
const MEAN_SCALE = 191.5;

type Random = () => number;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One packed tile of an f32, int4 or int8 matrix: random floats, or random codes, and scales that give weights around zero with a standard
 * deviation of 1 / √columns, so that a product has the magnitude of its input. Rows from `usedRows` on are zero weights.
 */
export function syntheticTile(layout: MatrixLayout, usedRows: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(layout.columns);
  if (layout.format === 'f32') return floatTile(layout, random, usedRows);
  const bytes = Uint8Array.from({ length: layout.tileBytes }, () => random() * 256);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < layout.blocks; block++) {
    const scales = blockOffset(layout, block) + layout.codeBytes;
    if (layout.format === 'int8') fillInt8Scales(view, scales, usedRows, layout.columns);
    else fillInt4Scales(view, scales, random);
    if (layout.format === 'int4' && block % SUPERBLOCK_BLOCKS === 0) {
      fillInt4Header(view, headerOffset(layout, block), usedRows, layout.columns);
    }
  }
  return bytes;
}

/** Four floats of each row follow each other. */
function floatTile({ tileBytes, columns }: MatrixLayout, random: Random, usedRows: number): Uint8Array<ArrayBuffer> {
  const unit = Math.sqrt(12 / columns);
  const floats = Float32Array.from({ length: tileBytes / 4 }, (_, i) =>
    Math.floor(i / 4) % TILE_ROWS < usedRows ? unit * (random() - 0.5) : 0,
  );
  return new Uint8Array(floats.buffer);
}

/** The minimum is the middle code, so that weights are around zero. */
function fillInt4Header(view: DataView, start: number, usedRows: number, columns: number): void {
  const unit = 1 / (Math.sqrt(columns) * INT4_DEVIATION * MEAN_SCALE);
  for (let row = 0; row < TILE_ROWS; row++) {
    const used = row < usedRows ? unit : 0;
    view.setUint16(start + 4 * row, float32ToScaledHalf(used), true);
    view.setUint16(start + 4 * row + 2, float32ToScaledHalf(INT4_MIDDLE * used), true);
  }
}

function fillInt4Scales(view: DataView, start: number, random: Random): void {
  for (let row = 0; row < TILE_ROWS; row++) {
    const scale = 128 + Math.floor(random() * 128);
    view.setUint8(start + 2 * row, scale);
    view.setUint8(start + 2 * row + 1, scale);
  }
}

function fillInt8Scales(view: DataView, start: number, usedRows: number, columns: number): void {
  const scale = 1 / (Math.sqrt(columns) * INT8_DEVIATION);
  for (let row = 0; row < TILE_ROWS; row++) {
    const bits = float32ToScaledHalf(row < usedRows ? scale : 0);
    view.setUint16(start + 4 * row, bits, true);
    view.setUint16(start + 4 * row + 2, bits, true);
  }
}
