import { describe, expect, test } from 'vitest';
import { worstMiss } from '../testing/allclose';
import { Random } from '../testing/random';
import { float16ToFloat32 } from './half';
import { matrixLayout, TILE_ROWS } from './layout';
import type { CodedFormat, CodedRows } from './packCodes';
import { allocateCodedRows, GROUP_COLUMNS, packCodes } from './packCodes';
import { unpackMatrix } from './unpack';

const CODE_RANGES: Record<CodedFormat, [number, number]> = {
  'int4-affine': [0, 15],
  int8: [-128, 127],
  'int8-affine': [0, 255],
};

/** Codes of the whole range; scales and offsets are halves of either sign, subnormal ones included. */
function randomRows(random: Random, format: CodedFormat, rowCount: number, columns: number): CodedRows {
  const rows = allocateCodedRows(format, rowCount, columns);
  const [first, last] = CODE_RANGES[format];
  const half = () => float16ToFloat32((random.below(2) << 15) | random.below(0x7c00));
  for (let i = 0; i < rows.codes.length; i++) rows.codes[i] = first + random.below(last - first + 1);
  for (let i = 0; i < rows.scales.length; i++) {
    rows.scales[i] = half();
    rows.offsets[i] = format === 'int8' ? 0 : half();
  }
  return rows;
}

describe.each(Object.keys(CODE_RANGES) as CodedFormat[])('%s', (format) => {
  test.each([
    [1, 1],
    [31, 33],
    [32, 31],
    [5, 17],
    [32, 96],
  ])('%i × %i keeps every code, scale and offset; padding is zero', (rowCount, columns) => {
    const rows = randomRows(new Random(columns), format, rowCount, columns);
    const { tileBytes, blocks } = matrixLayout(format, TILE_ROWS, columns);
    const memory = new Uint8Array(tileBytes + 10).fill(0xa5);
    packCodes(format, rows, rowCount, columns, memory, 5);
    const groups = Math.ceil(columns / GROUP_COLUMNS[format]);
    const expected = Float32Array.from({ length: rowCount * columns }, (_, i) => {
      const group = Math.floor(i / columns) * groups + Math.floor((i % columns) / GROUP_COLUMNS[format]);
      const code = format === 'int8-affine' ? rows.codes[i]! & 255 : rows.codes[i]!;
      return rows.scales[group]! * code + rows.offsets[group]!;
    });
    const tile = memory.subarray(5, 5 + tileBytes);
    expect(worstMiss(unpackMatrix(format, tile, rowCount, columns), expected, { rtol: 0, atol: 0 })).toBeNull();
    const padded = unpackMatrix(format, tile, TILE_ROWS, blocks * 32);
    expect(padded.subarray(rowCount * blocks * 32).every((weight) => weight === 0)).toBe(true);
    expect(padded.every(Number.isFinite)).toBe(true);
    expect([...memory.subarray(0, 5), ...memory.subarray(5 + tileBytes)]).toEqual(Array(10).fill(0xa5));
  });

  test('a scale that f16 cannot hold is refused by row and column', () => {
    const rows = allocateCodedRows(format, 2, 64);
    rows.scales[rows.scales.length - 1] = 65520;
    const column = 64 - GROUP_COLUMNS[format];
    expect(() => packCodes(format, rows, 2, 64, new Uint8Array(1 << 14), 0)).toThrow(
      new RangeError(`the scale of row 1 from column ${column} on is 65520, which f16 cannot hold`),
    );
  });

  test('arguments that do not fit each other are refused', () => {
    const rows = allocateCodedRows(format, 2, 64);
    const { tileBytes } = matrixLayout(format, TILE_ROWS, 64);
    expect(() => packCodes(format, rows, 3, 64, new Uint8Array(tileBytes), 0)).toThrow(RangeError);
    expect(() => packCodes(format, rows, 2, 64, new Uint8Array(tileBytes), 1)).toThrow(RangeError);
  });
});

test('an offset that f16 cannot hold is refused', () => {
  const rows = allocateCodedRows('int4-affine', 1, 32);
  rows.offsets[0] = NaN;
  expect(() => packCodes('int4-affine', rows, 1, 32, new Uint8Array(1 << 14), 0)).toThrow(/offset of row 0 .* is NaN/);
});
