import { describe, expect, test } from 'vitest';
import { worstMiss } from '../testing/allclose';
import { Random } from '../testing/random';
import { float16ToFloat32 } from './half';
import { matrixLayout, TILE_ROWS } from './layout';
import type { CodedFormat, CodedRows } from './packCodes';
import { allocateCodedRows, GROUP_COLUMNS, packCodes } from './packCodes';
import { unpackMatrix } from './unpack';

const CODE_RANGES: Record<CodedFormat, [number, number]> = {
  int4: [0, 15],
  'int4-affine': [0, 15],
  int8: [-128, 127],
  'int8-affine': [-128, 127],
};

/** What h16 cannot hold. */
const TOO_LARGE = 63.99;

/** Codes of the whole range; scales, offsets and units are halves of either sign, subnormal ones included. */
function randomRows(random: Random, format: CodedFormat, rowCount: number, columns: number): CodedRows {
  const rows = allocateCodedRows(format, rowCount, columns);
  const [first, last] = CODE_RANGES[format];
  // All finite halves below 64.
  const half = () => float16ToFloat32((random.below(2) << 15) | random.below(0x5400));
  const scale = format === 'int4' ? () => random.below(256) : half;
  for (let i = 0; i < rows.codes.length; i++) rows.codes[i] = first + random.below(last - first + 1);
  for (let i = 0; i < rows.scales.length; i++) {
    rows.scales[i] = scale();
    rows.offsets[i] = format === 'int8' ? 0 : scale();
  }
  for (let i = 0; i < rows.units.length; i++) rows.units[i] = half();
  return rows;
}

/** weight = scale·code + offset, with the units of int4 applied. */
function expectedWeights(format: CodedFormat, rows: CodedRows, rowCount: number, columns: number): Float32Array {
  const groups = Math.ceil(columns / GROUP_COLUMNS[format]);
  const superblocks = Math.ceil(columns / 256);
  return Float32Array.from({ length: rowCount * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const group = row * groups + Math.floor(column / GROUP_COLUMNS[format]);
    const [scale, offset] = [rows.scales[group]!, rows.offsets[group]!];
    if (format !== 'int4') return scale * rows.codes[i]! + offset;
    const unit = 2 * (row * superblocks + Math.floor(column / 256));
    return rows.units[unit]! * scale * rows.codes[i]! - rows.units[unit + 1]! * offset;
  });
}

describe.each(Object.keys(CODE_RANGES) as CodedFormat[])('%s', (format) => {
  test.each([
    [1, 1],
    [31, 33],
    [32, 31],
    [5, 17],
    [32, 96],
    [3, 600],
  ])('%i × %i keeps every code, scale and offset; padding is zero', (rowCount, columns) => {
    const rows = randomRows(new Random(columns), format, rowCount, columns);
    const { tileBytes, blocks } = matrixLayout(format, TILE_ROWS, columns);
    const memory = new Uint8Array(tileBytes + 10).fill(0xa5);
    packCodes(format, rows, rowCount, columns, memory, 5);
    const expected = expectedWeights(format, rows, rowCount, columns);
    const tile = memory.subarray(5, 5 + tileBytes);
    expect(worstMiss(unpackMatrix(format, tile, rowCount, columns), expected, { rtol: 0, atol: 0 })).toBeNull();
    const padded = unpackMatrix(format, tile, TILE_ROWS, blocks * 32);
    expect(padded.subarray(rowCount * blocks * 32).every((weight) => weight === 0)).toBe(true);
    expect(padded.every(Number.isFinite)).toBe(true);
    expect([...memory.subarray(0, 5), ...memory.subarray(5 + tileBytes)]).toEqual(Array(10).fill(0xa5));
  });

  test('a scale that h16 cannot hold is refused by row and column', () => {
    const rows = allocateCodedRows(format, 2, 512);
    const isInt4 = format === 'int4';
    const values = isInt4 ? rows.units.subarray(0, -1) : rows.scales;
    values[values.length - 1] = TOO_LARGE;
    const what = isInt4 ? 'unit of the scales' : 'scale';
    const column = isInt4 ? 256 : 512 - GROUP_COLUMNS[format];
    expect(() => packCodes(format, rows, 2, 512, new Uint8Array(1 << 16), 0)).toThrow(
      new RangeError(`the ${what} of row 1 from column ${column} on is ${Math.fround(TOO_LARGE)}, beyond ±63.96875`),
    );
  });

  test('arguments that do not fit each other are refused', () => {
    const rows = allocateCodedRows(format, 2, 64);
    const { tileBytes } = matrixLayout(format, TILE_ROWS, 64);
    expect(() => packCodes(format, rows, 3, 64, new Uint8Array(tileBytes), 0)).toThrow(RangeError);
    expect(() => packCodes(format, rows, 2, 64, new Uint8Array(tileBytes), 1)).toThrow(RangeError);
  });
});

test('an offset that h16 cannot hold is refused', () => {
  const affine = allocateCodedRows('int4-affine', 1, 32);
  affine.offsets[0] = NaN;
  const pack = () => packCodes('int4-affine', affine, 1, 32, new Uint8Array(1 << 14), 0);
  expect(pack).toThrow(/offset of row 0 .* is NaN/);
  const twoLevel = allocateCodedRows('int4', 1, 32);
  twoLevel.units[1] = -TOO_LARGE;
  const packUnits = () => packCodes('int4', twoLevel, 1, 32, new Uint8Array(1 << 14), 0);
  expect(packUnits).toThrow(/unit of the offsets of row 0 from column 0 on is -63\.99/);
});
