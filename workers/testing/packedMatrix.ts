import { float32ToFloat16 } from '../quant/half';
import type { MatrixFormat } from '../quant/layout';
import { blockOffset, headerOffset, matrixLayout, SUPERBLOCK_BLOCKS, TILE_ROWS } from '../quant/layout';
import { float32ToScaledHalf } from '../quant/scaledHalf';
import type { Random } from './random';

/**
 * A packed matrix of random codes and sensible random scales, every pattern of code bits included. Rows beyond the end
 * are zero weights, as packing leaves them; columns beyond the end are random.
 */
export function randomPackedMatrix(
  random: Random,
  format: MatrixFormat,
  rows: number,
  columns: number,
): Uint8Array<ArrayBuffer> {
  const layout = matrixLayout(format, rows, columns);
  const bytes = random.bytes(layout.bytes);
  const view = new DataView(bytes.buffer);
  for (let tile = 0; tile < layout.tiles; tile++) {
    const start = tile * layout.tileBytes;
    const usedRows = Math.min(TILE_ROWS, rows - tile * TILE_ROWS);
    for (let block = 0; block < layout.blocks; block++) {
      const codes = start + blockOffset(layout, block);
      const isFirst = block % SUPERBLOCK_BLOCKS === 0;
      if (format === 'int4' && isFirst) fillHeader(view, start + headerOffset(layout, block), usedRows, random);
      if (format === 'f32' || format === 'f16') fillFloats(view, codes, format, usedRows, random);
      else if (format !== 'int4') fillScales(view, codes + layout.codeBytes, format, usedRows, random);
    }
  }
  return bytes;
}

function fillHeader(view: DataView, start: number, usedRows: number, random: Random): void {
  for (let row = 0; row < TILE_ROWS; row++) {
    const used = row < usedRows ? 1 - 2 * random.below(2) : 0;
    view.setUint16(start + row * 4, float32ToScaledHalf(used * 1e-4 * (0.5 + random.next())), true);
    view.setUint16(start + row * 4 + 2, float32ToScaledHalf(used * 1e-3 * (0.5 + random.next())), true);
  }
}

function fillScales(view: DataView, start: number, format: MatrixFormat, usedRows: number, random: Random): void {
  for (let row = 0; row < TILE_ROWS; row++) {
    const used = row < usedRows ? 1 : 0;
    const scale = used * 0.01 * (0.5 + random.next());
    const second = format === 'int8' ? 0.02 * random.next() : -0.1 * random.next();
    view.setUint16(start + row * 4, float32ToScaledHalf(scale), true);
    view.setUint16(start + row * 4 + 2, float32ToScaledHalf(used * second), true);
  }
}

function fillFloats(view: DataView, start: number, format: 'f16' | 'f32', usedRows: number, random: Random): void {
  const size = format === 'f32' ? 4 : 2;
  const perUnit = 16 / size;
  for (let i = 0; i < 32 * 32; i++) {
    const row = Math.floor(i / perUnit) % 32;
    const value = row < usedRows ? 2 * random.next() - 1 : 0;
    if (format === 'f32') view.setFloat32(start + i * 4, value, true);
    else view.setUint16(start + i * 2, float32ToFloat16(value), true);
  }
}
