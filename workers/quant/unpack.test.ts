import { describe, expect, test } from 'vitest';
import { randomPackedMatrix } from '../testing/packedMatrix';
import { Random } from '../testing/random';
import { float16ToFloat32 } from './half';
import type { MatrixFormat } from './layout';
import { FORMAT_SIZES, matrixLayout } from './layout';
import { unpackMatrix, unpackRow } from './unpack';

const FORMATS = Object.keys(FORMAT_SIZES) as MatrixFormat[];

/** One weight, straight from the table in layout.ts. */
function weightAt(format: MatrixFormat, bytes: Uint8Array, row: number, column: number, columns: number): number {
  const { headerBytes, codeBytes, blockBytes, tileBytes } = matrixLayout(format, 1, columns);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const half = (offset: number) => float16ToFloat32(view.getUint16(offset, true));
  const scale = (offset: number) => half(offset) / 1024;
  const tile = Math.floor(row / 32) * tileBytes;
  const superblock = tile + Math.floor(column / 256) * (headerBytes + 8 * blockBytes);
  const block = superblock + headerBytes + Math.floor((column % 256) / 32) * blockBytes;
  const [r, k] = [row % 32, column % 32];
  const unit = (j: number) => block + (j * 32 + r) * 16;
  const nibble = (view.getUint8(unit(0) + (k >> 3) * 4 + (k & 3)) >> (k & 4)) & 15;
  const byte = unit(k >> 4) + (k & 15);
  const scales = block + codeBytes;
  switch (format) {
    case 'int4': {
      const [scaleUnit, minUnit] = [scale(superblock + r * 4), scale(superblock + r * 4 + 2)];
      return scaleUnit * view.getUint8(scales + r * 2) * nibble - minUnit * view.getUint8(scales + r * 2 + 1);
    }
    case 'int4-affine':
      return scale(scales + r * 4) * nibble + scale(scales + r * 4 + 2);
    case 'int8':
      return scale(scales + r * 4 + (k < 16 ? 0 : 2)) * view.getInt8(byte);
    case 'int8-affine':
      return scale(scales + r * 4) * view.getInt8(byte) + scale(scales + r * 4 + 2);
    case 'f16':
      return half(unit(k >> 3) + (k & 7) * 2);
    case 'f32':
      return view.getFloat32(unit(k >> 2) + (k & 3) * 4, true);
  }
}

describe.each(FORMATS)('%s', (format) => {
  test.each([
    [1, 1],
    [33, 31],
    [31, 33],
    [70, 96],
    [3, 290],
    [40, 600],
  ])('%i × %i has every weight where the layout says', (rows, columns) => {
    const bytes = randomPackedMatrix(new Random(rows), format, rows, columns);
    const expected = Float32Array.from({ length: rows * columns }, (_, i) =>
      weightAt(format, bytes, Math.floor(i / columns), i % columns, columns),
    );
    expect(unpackMatrix(format, bytes, rows, columns)).toEqual(expected);
  });

  test('a row is read alone, and nothing is written beside it', () => {
    const [rows, columns] = [40, 300];
    const bytes = randomPackedMatrix(new Random(1), format, rows, columns);
    const out = new Float32Array(columns + 2).fill(9);
    unpackRow(format, bytes, 37, columns, out, 1);
    const row = unpackMatrix(format, bytes, rows, columns).subarray(37 * columns, 38 * columns);
    expect(out).toEqual(Float32Array.from([9, ...row, 9]));
  });

  test('too few bytes are refused', () => {
    const { bytes } = matrixLayout(format, 33, 33);
    expect(() => unpackMatrix(format, new Uint8Array(bytes - 1), 33, 33)).toThrow(RangeError);
  });
});
