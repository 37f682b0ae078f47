import { describe, expect, test } from 'vitest';
import { worstMiss } from '../testing/allclose';
import { Random } from '../testing/random';
import type { GgmlType } from './ggml';
import { dequantizeGgml, GGML_TYPES, ggmlFormat, ggmlTypeName, repackGgmlTile } from './ggml';
import { float16ToFloat32, float32ToFloat16 } from './half';
import { matrixLayout, TILE_ROWS } from './layout';
import { unpackMatrix } from './unpack';

const typeNamed = (name: string): GgmlType => Object.values(GGML_TYPES).find((type) => type.name === name)!;

/** A block read by bit addresses: `bits(byte, bit, count)` with bit counted from the lowest of that byte. */
class Block {
  constructor(private readonly bytes: Uint8Array) {}
  bits(byte: number, bit: number, count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value |= ((this.bytes[byte + ((bit + i) >> 3)]! >> ((bit + i) & 7)) & 1) << i;
    return value;
  }
  half(byte: number): number {
    return float16ToFloat32(this.bits(byte, 0, 16));
  }
  signed(byte: number): number {
    return this.bits(byte, 0, 7) - 128 * this.bits(byte, 7, 1);
  }
}

/** 6-bit scale (`which` 0) or min (1) of group g of a Q4_K or Q5_K block. */
function sixBits(block: Block, which: 0 | 1, g: number): number {
  if (g < 4) return block.bits(4 + 4 * which + g, 0, 6);
  return block.bits(12 + g - 4, 4 * which, 4) + 16 * block.bits(4 + 4 * which + g - 4, 6, 2);
}

const scaleAndMin = (block: Block, g: number, code: number): number =>
  block.half(0) * sixBits(block, 0, g) * code - block.half(2) * sixBits(block, 1, g);

/** Element i of a block, one formula per type, from the layouts of the ggml block structs. */
const ELEMENTS: Record<string, (block: Block, i: number) => number> = {
  Q4_0: (b, i) => b.half(0) * (b.bits(2 + (i % 16), i < 16 ? 0 : 4, 4) - 8),
  Q4_1: (b, i) => b.half(0) * b.bits(4 + (i % 16), i < 16 ? 0 : 4, 4) + b.half(2),
  Q5_0: (b, i) => b.half(0) * (b.bits(6 + (i % 16), i < 16 ? 0 : 4, 4) + 16 * b.bits(2, i, 1) - 16),
  Q5_1: (b, i) => b.half(0) * (b.bits(8 + (i % 16), i < 16 ? 0 : 4, 4) + 16 * b.bits(4, i, 1)) + b.half(2),
  Q8_0: (b, i) => b.half(0) * b.signed(2 + i),
  Q4_K: (b, i) => {
    const g = i >> 5;
    return scaleAndMin(b, g, b.bits(16 + 32 * (g >> 1) + (i & 31), 4 * (g & 1), 4));
  },
  Q5_K: (b, i) => {
    const g = i >> 5;
    const low = b.bits(48 + 32 * (g >> 1) + (i & 31), 4 * (g & 1), 4);
    return scaleAndMin(b, g, low + 16 * b.bits(16 + (i & 31), g, 1));
  },
  Q6_K: (b, i) => {
    const [half, run, at] = [i >> 7, (i >> 5) & 3, i & 31];
    const low = b.bits(64 * half + 32 * (run & 1) + at, 4 * (run >> 1), 4);
    const high = b.bits(128 + 32 * half + at, 2 * run, 2);
    return b.half(208) * b.signed(192 + (i >> 4)) * (low + 16 * high - 32);
  },
};

/** Where the halves of a block are; everything else may be any bits. */
const HALVES: Record<string, number[]> = {
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
};

function randomBlocks(random: Random, type: GgmlType, blocks: number): Uint8Array {
  const bytes = random.bytes(blocks * type.blockBytes);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < blocks; block++) {
    for (const offset of HALVES[type.name]!) {
      const value = (random.next() - 0.5) * 2 ** -random.below(20);
      view.setUint16(block * type.blockBytes + offset, float32ToFloat16(value), true);
    }
  }
  return bytes;
}

function referenceValues(type: GgmlType, bytes: Uint8Array): Float32Array {
  const blocks = bytes.length / type.blockBytes;
  return Float32Array.from({ length: blocks * type.blockSize }, (_, i) => {
    const start = Math.floor(i / type.blockSize) * type.blockBytes;
    const block = new Block(bytes.subarray(start, start + type.blockBytes));
    return ELEMENTS[type.name]!(block, i % type.blockSize);
  });
}

describe.each(Object.keys(ELEMENTS))('%s', (name) => {
  const type = typeNamed(name);
  const format = ggmlFormat(type);

  test('random blocks have the values that their bits spell', () => {
    const bytes = randomBlocks(new Random(1), type, 24);
    const values = dequantizeGgml(type, bytes, 24 * type.blockSize);
    expect(worstMiss(values, referenceValues(type, bytes), { rtol: 0, atol: 0 })).toBeNull();
  });

  test.each([1, 19, 32])('%i rows keep their values when re-laid, and missing rows are zero', (rowCount) => {
    if (format === 'float') throw new Error('a type with codes is expected');
    const columns = 3 * type.blockSize;
    const bytes = randomBlocks(new Random(rowCount), type, 3 * rowCount);
    const { tileBytes } = matrixLayout(format, TILE_ROWS, columns);
    const memory = new Uint8Array(tileBytes + 6).fill(0xa5);
    repackGgmlTile(type, bytes, rowCount, columns, memory, 3);
    expect([...memory.subarray(0, 3), ...memory.subarray(-3)]).toEqual(Array(6).fill(0xa5));
    const unpacked = unpackMatrix(format, memory.subarray(3, 3 + tileBytes), TILE_ROWS, columns);
    expect(unpacked.subarray(rowCount * columns).every((value) => value === 0)).toBe(true);
    const expected = referenceValues(type, bytes);
    const wrong = expected.findIndex((value, i) => {
      const start = Math.floor(i / type.blockSize) * type.blockBytes;
      const block = new Block(bytes.subarray(start, start + type.blockBytes));
      return Math.abs(unpacked[i]! - value) > roundingOf(name, block, i % type.blockSize);
    });
    expect(wrong).toBe(-1);
  });

  test('a scale that is not finite is refused by block', () => {
    for (const bits of [0x7c00, 0xfc00, 0x7e01]) {
      const bytes = randomBlocks(new Random(2), type, 4);
      // An infinite or NaN unit times a zero multiple is NaN, times any other still not finite.
      new DataView(bytes.buffer).setUint16(2 * type.blockBytes + HALVES[name]!.at(-1)!, bits, true);
      const message = new RegExp(`${name} block 2 has a scale or offset of`);
      expect(() => dequantizeGgml(type, bytes, 4 * type.blockSize)).toThrow(message);
      expect(() => repackGgmlTile(type, bytes, 2, 2 * type.blockSize, new Uint8Array(1 << 18), 0)).toThrow(message);
    }
  });

  test('a wrong number of bytes or columns is refused', () => {
    const bytes = randomBlocks(new Random(3), type, 2);
    const out = new Uint8Array(1 << 18);
    expect(() => dequantizeGgml(type, bytes.subarray(1), 2 * type.blockSize)).toThrow(RangeError);
    expect(() => dequantizeGgml(type, bytes, 2 * type.blockSize - 1)).toThrow(RangeError);
    expect(() => repackGgmlTile(type, bytes, 3, type.blockSize, out, 0)).toThrow(RangeError);
    expect(() => repackGgmlTile(type, bytes, 4, type.blockSize / 2, out, 0)).toThrow(RangeError);
  });
});

/** How much one rounding of a scale (and what is left of the offset) to h16 may move an element; nothing for most types. */
function roundingOf(name: string, block: Block, i: number): number {
  const h16 = (value: number) => Math.abs(value) * 2 ** -11;
  if (name === 'Q6_K') return h16(block.half(208) * block.signed(192 + (i >> 4))) * 32;
  if (name !== 'Q5_K') return 0;
  const g = i >> 5;
  const scale = block.half(0) * sixBits(block, 0, g);
  const offset = block.half(2) * sixBits(block, 1, g);
  // Codes plus the steps of the offset; offsets beyond the range of codes stay offsets.
  const steps = Math.min(128, Math.abs(offset / scale) + 0.5);
  return (h16(scale) * (31 + steps) + h16(Math.abs(offset) - Math.abs(scale) * (steps - 1))) * (1 + 2 ** -10);
}

describe('fixed blocks', () => {
  test('Q4_0: d = 0.5, nibbles 0…15 low and 15…0 high', () => {
    const bytes = Uint8Array.from([0x00, 0x38, ...Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4))]);
    const rising = Array.from({ length: 16 }, (_, i) => (i - 8) / 2);
    expect([...dequantizeGgml(typeNamed('Q4_0'), bytes, 32)]).toEqual([...rising, ...rising.toReversed()]);
  });

  test('Q5_0: the fifth bits alone, d = 1', () => {
    const bytes = Uint8Array.from([0x00, 0x3c, 0x01, 0x00, 0x02, 0x80, ...Array(16).fill(0)]);
    const values = dequantizeGgml(typeNamed('Q5_0'), bytes, 32);
    expect([...values.keys()].filter((i) => values[i] === 0)).toEqual([0, 17, 31]);
    expect(values.filter((value) => value === -16).length).toBe(29);
  });

  test('Q4_K: scale 63 and min 63 of the last group alone', () => {
    const bytes = new Uint8Array(144).fill(0xff, 16);
    // d = 1 and dmin = 2; group 7 takes its low bits from byte 15 and its high bits from bytes 7 and 11.
    bytes.set([0x00, 0x3c, 0x00, 0x40]);
    bytes.set([0xc0], 7);
    bytes.set([0xc0], 11);
    bytes.set([0xff], 15);
    const values = dequantizeGgml(typeNamed('Q4_K'), bytes, 256);
    expect([...values.subarray(0, 224)].every((value) => value === 0)).toBe(true);
    expect([...values.subarray(224)]).toEqual(Array(32).fill(63 * 15 - 2 * 63));
  });

  test('Q6_K: scale −1 of the second group alone, d = 1', () => {
    const bytes = new Uint8Array(210);
    bytes[193] = 0xff;
    bytes.set([0x00, 0x3c], 208);
    const values = dequantizeGgml(typeNamed('Q6_K'), bytes, 256);
    expect([...values.subarray(16, 32)]).toEqual(Array(16).fill(32));
    expect([...values].filter((value) => value !== 0).length).toBe(16);
  });
});

describe('types without codes', () => {
  test.each([
    ['F32', [0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0]],
    ['F16', [0x00, 0x3e, 0x00, 0xc0]],
    ['BF16', [0xc0, 0x3f, 0x00, 0xc0]],
  ])('%s is decoded, from any byte offset', (name, bytes) => {
    const memory = Uint8Array.from([0, ...bytes]);
    const type = typeNamed(name);
    expect([...dequantizeGgml(type, memory.subarray(1), 2)]).toEqual([1.5, -2]);
    expect(ggmlFormat(type)).toBe('float');
    expect(() => repackGgmlTile(type, memory.subarray(1), 1, 2, new Uint8Array(1 << 14), 0)).toThrow(/no codes/);
  });
});

test('a scale product beyond h16 is refused rather than saturated', () => {
  const type = typeNamed('Q6_K');
  const bytes = new Uint8Array(210);
  bytes[192] = 127;
  new DataView(bytes.buffer).setUint16(208, float32ToFloat16(60000), true);
  expect(() => repackGgmlTile(type, bytes, 1, 256, new Uint8Array(1 << 16), 0)).toThrow(
    /scale of row 0 from column 0 on is .*, beyond ±63\.96875/,
  );
});

test('type ids have names, supported or not', () => {
  expect([2, 12, 30, 10, 20, 999].map(ggmlTypeName)).toEqual(['Q4_0', 'Q4_K', 'BF16', 'Q2_K', 'IQ4_NL', 'type 999']);
});
