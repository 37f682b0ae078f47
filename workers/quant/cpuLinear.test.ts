import { describe, expect, test } from 'vitest';
import { worstMiss } from '../testing/allclose';
import { randomPackedMatrix } from '../testing/packedMatrix';
import { Random } from '../testing/random';
import { linearReference } from './cpuLinear';
import type { MatrixFormat } from './layout';
import { FORMAT_SIZES } from './layout';
import { unpackMatrix } from './unpack';

const FORMATS = Object.keys(FORMAT_SIZES) as MatrixFormat[];

describe.each(FORMATS)('%s', (format) => {
  test.each([
    [1, 1, 1],
    [33, 31, 3],
    [31, 33, 2],
    [70, 96, 5],
    [40, 300, 2],
  ])('%i × %i times %i vectors is the sum of products', (rows, columns, xRows) => {
    const random = new Random(rows * columns);
    const bytes = randomPackedMatrix(random, format, rows, columns);
    const weights = unpackMatrix(format, bytes, rows, columns);
    // What lies between the rows of x and out is neither read nor written.
    const xStride = columns + 3;
    const x = random.floats(xRows * xStride).map((value, i) => (i % xStride < columns ? value : NaN));
    const outStride = rows + 2;
    const expected = new Float32Array(1 + xRows * outStride).fill(7);
    const out = expected.slice();
    for (let m = 0; m < xRows; m++) {
      for (let n = 0; n < rows; n++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) sum += x[m * xStride + k]! * weights[n * columns + k]!;
        expected[1 + m * outStride + n] = sum;
      }
    }
    linearReference(format, bytes, rows, columns, x, xStride, xRows, out, outStride, 1);
    expect(worstMiss(out, expected, { rtol: 2 ** -23, atol: 1e-13 })).toBeNull();
  });
});

test('too few bytes are refused', () => {
  const x = new Float32Array(32);
  expect(() => linearReference('int8', new Uint8Array(100), 32, 32, x, 32, 1, x, 32, 0)).toThrow(RangeError);
});
