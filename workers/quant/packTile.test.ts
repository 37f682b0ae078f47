import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Random } from '../testing/random';
import { randomWeights } from '../testing/weights';
import { matrixLayout, TILE_ROWS } from './layout';
import type { FloatTargetFormat } from './packTile';
import { packTile } from './packTile';
import { LARGEST_SCALED_HALF, SMALLEST_SCALED_HALF } from './scaledHalf';
import { unpackMatrix } from './unpack';

const FORMATS: FloatTargetFormat[] = ['int4', 'int8', 'f16', 'f32'];
const SHAPES: [number, number][] = [
  [1, 1],
  [31, 33],
  [33, 31],
  [32, 32],
  [70, 96],
  [5, 17],
  [33, 300],
];
const GUARD = 7;

/** Packs a matrix into memory full of garbage, GUARD bytes from its start and end. */
function packMatrix(format: FloatTargetFormat, weights: Float32Array, rows: number, columns: number): Uint8Array {
  const { tiles, tileBytes, bytes } = matrixLayout(format, rows, columns);
  const memory = new Uint8Array(bytes + 2 * GUARD).fill(0xa5);
  for (let tile = 0; tile < tiles; tile++) {
    const first = tile * TILE_ROWS;
    const last = Math.min(rows, first + TILE_ROWS);
    const part = weights.subarray(first * columns, last * columns);
    packTile(format, part, last - first, columns, memory, GUARD + tile * tileBytes);
  }
  expect([...memory.subarray(0, GUARD), ...memory.subarray(GUARD + bytes)]).toEqual(Array(2 * GUARD).fill(0xa5));
  return memory.subarray(GUARD, GUARD + bytes);
}

function roundTrip(format: FloatTargetFormat, weights: number[], columns = weights.length): Float32Array {
  const rows = weights.length / columns;
  return unpackMatrix(format, packMatrix(format, Float32Array.from(weights), rows, columns), rows, columns);
}

/** The largest error the format may make in one weight of a group, given the group and its row. */
function tolerance(format: FloatTargetFormat, weight: number, group: Float32Array, row: Float32Array): number {
  const largest = Math.max(...group.map(Math.abs));
  const range = Math.max(0, ...group) - Math.min(0, ...group);
  switch (format) {
    case 'f32':
      return 0;
    case 'f16':
      return Math.max(Math.abs(weight) * 2 ** -11, 2 ** -25);
    case 'int8':
      return (largest / 127) * 0.5 * (1 + 2 ** -9) + largest * 2 ** -11;
    case 'int4':
      return (1.5 * range) / 15 + Math.max(...row.map(Math.abs)) / 255;
  }
}

describe.each(FORMATS)('%s', (format) => {
  test.each(SHAPES)('%i × %i comes back within its rounding, and padding is zero', (rows, columns) => {
    const weights = randomWeights(new Random(rows * columns), 'gaussian', rows * columns);
    const bytes = packMatrix(format, weights, rows, columns);
    const unpacked = unpackMatrix(format, bytes, rows, columns);
    const groupColumns = format === 'int8' ? 16 : 32;
    for (let i = 0; i < weights.length; i++) {
      const row = weights.subarray(i - (i % columns), i - (i % columns) + columns);
      const start = (i % columns) - ((i % columns) % groupColumns);
      const allowed = tolerance(format, weights[i]!, row.subarray(start, start + groupColumns), row);
      expect(Math.abs(unpacked[i]! - weights[i]!), `weight ${i}`).toBeLessThanOrEqual(allowed);
    }
    const { tiles, blocks } = matrixLayout(format, rows, columns);
    const padded = unpackMatrix(format, bytes, tiles * TILE_ROWS, blocks * 32);
    expect(padded.subarray(rows * blocks * 32).every((weight) => weight === 0)).toBe(true);
    expect(padded.every(Number.isFinite)).toBe(true);
  });

  test('NaN and infinities are refused by row and column', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const weights = new Float32Array(3 * 40).fill(1);
      weights[2 * 40 + 35] = bad;
      const pack = () => packTile(format, weights, 3, 40, new Uint8Array(1 << 16), 0);
      expect(pack).toThrow(new RangeError(`the weight in row 2, column 35 is ${bad}`));
    }
  });

  test('arguments that do not fit each other are refused', () => {
    const { tileBytes } = matrixLayout(format, TILE_ROWS, 32);
    const weights = new Float32Array(33 * 32);
    expect(() => packTile(format, weights, 33, 32, new Uint8Array(2 * tileBytes), 0)).toThrow(RangeError);
    expect(() => packTile(format, weights.subarray(1), 33, 32, new Uint8Array(2 * tileBytes), 0)).toThrow(RangeError);
    expect(() => packTile(format, weights, 32, 32, new Uint8Array(tileBytes), 1)).toThrow(RangeError);
  });

  test('zeros stay exactly zero', () => {
    const weights = [...Array(32).fill(0), ...Array(32).fill(0.5), ...Array(32).fill(0)];
    const unpacked = roundTrip(format, weights);
    expect(unpacked.subarray(0, 32)).toEqual(new Float32Array(32));
    expect(unpacked.subarray(64)).toEqual(new Float32Array(32));
    expect(roundTrip(format, Array(64).fill(0))).toEqual(new Float32Array(64));
  });
});

describe('int4', () => {
  function relativeError(weights: number[], columns?: number): number {
    const unpacked = roundTrip('int4', weights, columns);
    const errors = weights.map((weight, i) => Math.abs(weight - unpacked[i]!));
    return Math.max(...errors) / Math.max(...weights.map(Math.abs));
  }

  test.each([1e-3, 1, 1e5])('a row of magnitude %f keeps its relative precision', (magnitude) => {
    const weights = Array.from(randomWeights(new Random(3), 'gaussian', 256), (weight) => weight * magnitude);
    expect(relativeError(weights)).toBeLessThan(0.061);
  });

  test.each([0.3, -0.3])('groups of the constant %f are kept', (constant) => {
    expect(relativeError(Array(70).fill(constant))).toBeLessThan(2 ** -11);
    expect(relativeError([...Array(32).fill(constant), ...Array(32).fill(constant * 0.37)])).toBeLessThan(1 / 255);
  });

  test.each([1, -1])('a narrow row far from zero keeps its detail, sign %i', (sign) => {
    const weights = Array.from({ length: 64 }, (_, i) => sign * (1 + (0.3 * ((i * 7) % 32)) / 31));
    expect(relativeError(weights)).toBeLessThan(0.02);
  });

  test('small groups survive beside a group 30 times larger', () => {
    const weights = Array.from(randomWeights(new Random(4), 'gaussian', 2048));
    const scaled = weights.map((weight, i) => (i < 32 ? 30 * weight : weight));
    const unpacked = roundTrip('int4', scaled).subarray(32);
    expect(decibels(Float32Array.from(scaled.slice(32)), unpacked)).toBeGreaterThan(21);
  });
});

describe('saturation', () => {
  test('int4 weights beyond the range of h16 units become zero or saturate', () => {
    const largest = 255 * LARGEST_SCALED_HALF;
    expect(roundTrip('int4', [1e-30, -1e-30]).every((weight) => Math.abs(weight) === 0)).toBe(true);
    const [low, zero, high] = roundTrip('int4', [-1e30, 0, 1e30]);
    // The search trades a little of the ends for the weights between them.
    expect(Math.abs(low! / largest + 1)).toBeLessThan(0.03);
    expect(Math.abs(zero! / largest)).toBeLessThan(1 / 15);
    expect(Math.abs(high! / largest - 1)).toBeLessThan(0.03);
    // Units stay at the least normal half and lose precision rather than becoming subnormal.
    const tiny = Array.from({ length: 32 }, (_, i) => (i - 16) * 1e-6);
    const scaleUnit = new DataView(packMatrix('int4', Float32Array.from(tiny), 1, 32).slice().buffer).getUint16(
      0,
      true,
    );
    expect(scaleUnit).toBe(0x0400);
    expect(decibels(Float32Array.from(tiny), roundTrip('int4', tiny))).toBeGreaterThan(20);
  });

  test('int8 groups beyond the range of h16 scales become zero or saturate', () => {
    const largest = 127 * LARGEST_SCALED_HALF;
    expect(roundTrip('int8', [1e-12, -1e-12])).toEqual(Float32Array.from([0, 0]));
    expect(roundTrip('int8', [1e30, -1e30])).toEqual(Float32Array.from([largest, -largest]));
  });

  test('an int8 group of the smallest scale keeps its weights to half a step', () => {
    const weights = [90, -64.4, 1.6].map((codes) => codes * SMALLEST_SCALED_HALF);
    const expected = [90, -64, 2].map((code) => code * SMALLEST_SCALED_HALF);
    expect(roundTrip('int8', weights)).toEqual(Float32Array.from(expected));
  });

  test('f16 weights saturate', () => {
    expect(roundTrip('f16', [1e6, -1e6])).toEqual(Float32Array.from([65504, -65504]));
  });
});

describe('a 2048 × 2048 matrix', () => {
  const size = 2048;

  test.each([
    ['int4', 'gaussian', 4.65, 23.1],
    ['int4', 'student', 4.65, 21.85],
    ['int8', 'gaussian', 9, 46.5],
    ['int8', 'student', 9, 45.1],
  ] as const)('%s of %s weights takes at most %f bits a weight and has at least %f dB', (format, kind, bits, least) => {
    const weights = randomWeights(new Random(11), kind, size * size);
    const bytes = packMatrix(format, weights, size, size);
    expect((bytes.length * 8) / weights.length).toBeLessThanOrEqual(bits);
    expect(decibels(weights, unpackMatrix(format, bytes, size, size))).toBeGreaterThanOrEqual(least);
  });
});

/** Signal to quantisation noise ratio. */
function decibels(weights: Float32Array, unpacked: Float32Array): number {
  let signal = 0;
  let noise = 0;
  for (let i = 0; i < weights.length; i++) {
    signal += weights[i]! ** 2;
    noise += (weights[i]! - unpacked[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

describe('packed bytes', () => {
  // Stored models and expected results depend on these bytes: whoever changes them raises MANIFEST_VERSION.
  test.each([
    ['int4', 'e7f8aafae3cd8debedba115fb754e7f0fe4b3eb7a3248dfdb4389e8e94bad267'],
    ['int8', 'acf87c04d3dc8d2d5184edd455fb4e86ba695606f60835295b76c40e5f1bc16a'],
    ['f16', 'e36bd183a34e6470b4dd20b1569455ba378a67a8cc4c768ab6eafc26613c9ed0'],
  ] as const)('of %s are the same on every machine and every run', (format, digest) => {
    const weights = new Random(5).floats(40 * 100);
    const bytes = packMatrix(format, weights, 40, 100);
    packMatrix(format, new Random(6).floats(40 * 100), 40, 100);
    expect(packMatrix(format, weights, 40, 100)).toEqual(bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  });
});
