/** The GGML "K" types: super-blocks of 256 elements whose group scales are integer multiples of f16 units. */
import { readHalf } from './ggmlBlocks';
import type { CodedRows } from './packCodes';

const GROUPS = 8;

/**
 * weight = d·scale·q − dmin·min, 8 groups of 32: f16 d, f16 dmin, 12 bytes of 6-bit scales and mins, 128 nibble bytes.
 * Each 32 nibble bytes hold one group in their low and the next group in their high nibbles.
 */
export function unpackQ4_K(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  const superblock = group / GROUPS;
  target.units[2 * superblock] = readHalf(bytes, offset);
  target.units[2 * superblock + 1] = readHalf(bytes, offset + 2);
  unpackMultiples(bytes, offset + 4, target, group);
  unpackGroupNibbles(bytes, offset + 16, target.codes, code);
}

/**
 * As Q4_K with 32 bytes of fifth bits before the nibbles: bit g of byte i belongs to element i of group g. Scales and
 * offsets are multiplied out, which is exact in f32.
 */
export function unpackQ5_K(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  const { codes } = target;
  unpackMultiples(bytes, offset + 4, target, group);
  applyUnits(target, group, readHalf(bytes, offset), readHalf(bytes, offset + 2));
  unpackGroupNibbles(bytes, offset + 48, codes, code);
  for (let i = 0; i < 32; i++) {
    const bits = bytes[offset + 16 + i]!;
    for (let g = 0; g < GROUPS; g++) {
      const at = code + 32 * g + i;
      codes[at] = codes[at]! + (((bits >> g) & 1) << 4);
    }
  }
}

/**
 * weight = d·scale·(q − 32), 16 groups of 16: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales,
 * f16 d. Each half of 128 elements is four runs of 32: runs 0 and 1 are the low, runs 2 and 3 the high nibbles of 64
 * bytes, and bit pair r of 32 bytes completes run r.
 */
export function unpackQ6_K(bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number): void {
  const { codes, scales } = target;
  for (let half = 0; half < 2; half++) {
    const nibbles = offset + 64 * half;
    const pairs = offset + 128 + 32 * half;
    const at = code + 128 * half;
    for (let i = 0; i < 32; i++) {
      const first = bytes[nibbles + i]!;
      const second = bytes[nibbles + 32 + i]!;
      const upper = bytes[pairs + i]!;
      codes[at + i] = ((first & 15) | ((upper & 3) << 4)) - 32;
      codes[at + 32 + i] = ((second & 15) | (((upper >> 2) & 3) << 4)) - 32;
      codes[at + 64 + i] = ((first >> 4) | (((upper >> 4) & 3) << 4)) - 32;
      codes[at + 96 + i] = ((second >> 4) | ((upper >> 6) << 4)) - 32;
    }
  }
  const unit = readHalf(bytes, offset + 208);
  for (let g = 0; g < 16; g++) scales[group + g] = unit * ((bytes[offset + 192 + g]! << 24) >> 24);
}

/** Turns the multiples of 8 groups into their scales and offsets. */
export function applyUnits({ scales, offsets }: CodedRows, group: number, scaleUnit: number, minUnit: number): void {
  for (let g = group; g < group + GROUPS; g++) {
    scales[g] = scaleUnit * scales[g]!;
    offsets[g] = -minUnit * offsets[g]!;
  }
}

/**
 * 12 bytes: bytes 0–3 and 4–7 hold the scales and mins of groups 0–3 in their low 6 bits; bytes 8–11 the low 4 bits of
 * the scales (low nibble) and mins of groups 4–7, whose upper 2 bits top bytes 0–3 and 4–7.
 */
function unpackMultiples(bytes: Uint8Array, offset: number, { scales, offsets }: CodedRows, group: number): void {
  for (let g = 0; g < 4; g++) {
    const a = bytes[offset + g]!;
    const b = bytes[offset + 4 + g]!;
    const c = bytes[offset + 8 + g]!;
    scales[group + g] = a & 63;
    offsets[group + g] = b & 63;
    scales[group + 4 + g] = (c & 15) | ((a >> 6) << 4);
    offsets[group + 4 + g] = (c >> 4) | ((b >> 6) << 4);
  }
}

function unpackGroupNibbles(bytes: Uint8Array, offset: number, codes: Int8Array, code: number): void {
  for (let pair = 0; pair < GROUPS / 2; pair++) {
    const from = offset + 32 * pair;
    const to = code + 64 * pair;
    for (let i = 0; i < 32; i++) {
      const byte = bytes[from + i]!;
      codes[to + i] = byte & 15;
      codes[to + 32 + i] = byte >> 4;
    }
  }
}
