import { describe, expect, test } from 'vitest';
import { decodeBFloat16, decodeFloat16, float16ToFloat32, float32ToFloat16 } from './half';

/** IEEE 754 binary16, from its definition. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function neighbour(value: number, steps: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  view.setUint32(0, view.getUint32(0) + steps);
  return view.getFloat32(0);
}

const patterns = Array.from({ length: 65536 }, (_, bits) => bits);
const allPatterns = new Uint8Array(Uint16Array.from(patterns).buffer);

describe('halves', () => {
  test('all patterns widen to their value and narrow back to themselves', () => {
    const wrong = patterns.filter((bits) => {
      const value = float16ToFloat32(bits);
      if (!Object.is(value, halfValue(bits))) return true;
      return Number.isNaN(value) ? !Number.isNaN(halfValue(float32ToFloat16(value))) : float32ToFloat16(value) !== bits;
    });
    expect(wrong).toEqual([]);
  });

  test('between neighbours the nearer is taken, half way the even one, with either sign', () => {
    const wrong = patterns.slice(0, 0x7bff).filter((bits) => {
      const middle = (halfValue(bits) + halfValue(bits + 1)) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      return (
        float32ToFloat16(middle) !== even ||
        float32ToFloat16(-middle) !== (even | 0x8000) ||
        float32ToFloat16(neighbour(middle, -1)) !== bits ||
        float32ToFloat16(neighbour(middle, 1)) !== bits + 1
      );
    });
    expect(wrong).toEqual([]);
  });

  test.each([
    [65519.99609375, 0x7bff],
    [65520, 0x7c00],
    [-65520, 0xfc00],
    [3.4e38, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -25, 0],
    [1e-45, 0],
    [-1e-45, 0x8000],
  ])('%f is 0x%s at the ends of the range', (value, bits) => {
    expect(float32ToFloat16(value)).toBe(bits);
  });

  test('bulk decoding reads little-endian pairs from any byte offset', () => {
    const shifted = new Uint8Array(allPatterns.length + 1);
    shifted.set(allPatterns, 1);
    const decoded = decodeFloat16(shifted.subarray(1));
    expect(patterns.filter((bits) => !Object.is(decoded[bits], halfValue(bits)))).toEqual([]);
    expect(() => decodeFloat16(new Uint8Array(3))).toThrow(RangeError);
  });
});

test('bfloat16 is the upper half of an f32, for all patterns', () => {
  const view = new DataView(new ArrayBuffer(4));
  const decoded = decodeBFloat16(allPatterns);
  const wrong = patterns.filter((bits) => {
    view.setUint16(0, bits);
    return !Object.is(decoded[bits], view.getFloat32(0));
  });
  expect(wrong).toEqual([]);
  expect(() => decodeBFloat16(new Uint8Array(1))).toThrow(RangeError);
});
