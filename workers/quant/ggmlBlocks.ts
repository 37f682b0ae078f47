/**
 * The GGML block types of 32 elements: f16 scale {, f16 offset} {, fifth bits} , codes.
 * Byte i of a run of 16 nibble bytes holds element i in its low and element i + 16 in its high nibble.
 */
import { float16ToFloat32 } from './half';
import type { CodedRows } from './packCodes';

/** weight = d·(q − 8): f16 d, 16 nibble bytes. The offset −8·d is exact in f16. */
export function unpackQ4_0(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  const scale = readHalf(bytes, offset);
  target.scales[group] = scale;
  target.offsets[group] = -8 * scale;
  unpackNibbles(bytes, offset + 2, target.codes, code);
}

/** weight = d·q + m: f16 d, f16 m, 16 nibble bytes. */
export function unpackQ4_1(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  target.scales[group] = readHalf(bytes, offset);
  target.offsets[group] = readHalf(bytes, offset + 2);
  unpackNibbles(bytes, offset + 4, target.codes, code);
}

/** weight = d·(q − 16): f16 d, 32 fifth bits, 16 nibble bytes. */
export function unpackQ5_0(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  const scale = readHalf(bytes, offset);
  target.scales[group] = scale;
  target.scales[group + 1] = scale;
  unpackNibbles(bytes, offset + 6, target.codes, code);
  addFifthBits(bytes, offset + 2, target.codes, code, -16);
}

/** weight = d·q + m: f16 d, f16 m, 32 fifth bits, 16 nibble bytes. */
export function unpackQ5_1(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  target.scales[group] = readHalf(bytes, offset);
  target.offsets[group] = readHalf(bytes, offset + 2);
  unpackNibbles(bytes, offset + 8, target.codes, code);
  addFifthBits(bytes, offset + 4, target.codes, code, 0);
}

/** weight = d·q: f16 d, 32 signed bytes. */
export function unpackQ8_0(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  const scale = readHalf(bytes, offset);
  target.scales[group] = scale;
  target.scales[group + 1] = scale;
  for (let i = 0; i < 32; i++) target.codes[code + i] = bytes[offset + 2 + i]!;
}

/** The little-endian half at `offset`. */
export function readHalf(bytes: Uint8Array, offset: number): number {
  return float16ToFloat32(bytes[offset]! | (bytes[offset + 1]! << 8));
}

function unpackNibbles(bytes: Uint8Array, offset: number, codes: Int8Array, code: number): void {
  for (let i = 0; i < 16; i++) {
    const pair = bytes[offset + i]!;
    codes[code + i] = pair & 15;
    codes[code + 16 + i] = pair >> 4;
  }
}

/** Bit i of the four bytes is worth 16 in element i; `bias` is added to every element. */
function addFifthBits(bytes: Uint8Array, offset: number, codes: Int8Array, code: number, bias: number): void {
  for (let i = 0; i < 32; i++) {
    const bit = (bytes[offset + (i >> 3)]! >> (i & 7)) & 1;
    codes[code + i] = codes[code + i]! + (bit << 4) + bias;
  }
}
