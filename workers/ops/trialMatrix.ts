import type { MatrixFormat } from '../quant/layout';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { allocateCodedRows, packCodes, type CodedFormat } from '../quant/packCodes';
import { packTile } from '../quant/packTile';

/** Numbers in [0, 1), the same for the same seed: a linear congruential generator (Numerical Recipes), upper bits. */
export function trialNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/**
 * A packed matrix of made-up weights of magnitude 1, every code in use. Its tiles repeat after `distinctTiles`: numbers
 * need not differ to take the same time.
 */
export function trialMatrix(
  format: MatrixFormat,
  rows: number,
  columns: number,
  distinctTiles = Infinity,
): Uint8Array<ArrayBuffer> {
  const { tiles, tileBytes, bytes } = matrixLayout(format, rows, columns);
  const next = trialNumbers(rows * columns);
  const packed = new Uint8Array(bytes);
  for (let tile = 0; tile < tiles; tile++) {
    const offset = tile * tileBytes;
    const source = tile - distinctTiles;
    if (source >= 0) packed.copyWithin(offset, source * tileBytes, (source + 1) * tileBytes);
    else writeTile(format, Math.min(TILE_ROWS, rows - tile * TILE_ROWS), columns, packed, offset, next);
  }
  return packed;
}

function writeTile(
  format: MatrixFormat,
  rowCount: number,
  columns: number,
  packed: Uint8Array,
  offset: number,
  next: () => number,
): void {
  if (format === 'f16' || format === 'f32') {
    const weights = Float32Array.from({ length: rowCount * columns }, () => 2 * next() - 1);
    packTile(format, weights, rowCount, columns, packed, offset);
  } else {
    packCodes(format, trialCodes(format, rowCount, columns, next), rowCount, columns, packed, offset);
  }
}

/** Ranges of codes, scales and offsets; those of int4 are multiples of a unit. */
const RANGES: Record<CodedFormat, Record<'codes' | 'scales' | 'offsets', readonly [from: number, to: number]>> = {
  int4: { codes: [0, 16], scales: [64, 256], offsets: [64, 256] },
  'int4-affine': { codes: [0, 16], scales: [0.05, 0.15], offsets: [-1, -0.5] },
  int8: { codes: [-128, 128], scales: [0.005, 0.015], offsets: [0, 0] },
  'int8-affine': { codes: [-128, 128], scales: [0.005, 0.015], offsets: [-0.5, 0.5] },
};
const INT4_SCALE_UNIT = 0.1 / 160;
const INT4_OFFSET_UNIT = 0.75 / 160;

function trialCodes(format: CodedFormat, rowCount: number, columns: number, next: () => number) {
  const rows = allocateCodedRows(format, rowCount, columns);
  const { codes, scales, offsets } = RANGES[format];
  const between = ([from, to]: readonly [number, number]) => from + next() * (to - from);
  const whole = format === 'int4' ? Math.floor : (value: number) => value;
  for (let i = 0; i < rows.codes.length; i++) rows.codes[i] = Math.floor(between(codes));
  for (let i = 0; i < rows.scales.length; i++) {
    rows.scales[i] = whole(between(scales));
    rows.offsets[i] = whole(between(offsets));
  }
  for (let i = 0; i < rows.units.length; i += 2) rows.units.set([INT4_SCALE_UNIT, INT4_OFFSET_UNIT], i);
  return rows;
}
