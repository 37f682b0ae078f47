import { centerOffsets } from './centerOffsets';
import { unpackQ4_0, unpackQ4_1, unpackQ5_0, unpackQ5_1, unpackQ8_0 } from './ggmlBlocks';
import { applyUnits, unpackQ4_K, unpackQ5_K, unpackQ6_K } from './ggmlSuperBlocks';
import { decodeBFloat16, decodeFloat16 } from './half';
import { SUPERBLOCK_BLOCKS } from './layout';
import type { CodedFormat, CodedRows } from './packCodes';
import { allocateCodedRows, GROUP_COLUMNS, packCodes } from './packCodes';

/** Writes the codes of the block at `offset` to `target.codes[code…]`, its scales, offsets and units to `[group…]`. */
export type BlockUnpacker = (bytes: Uint8Array, offset: number, target: CodedRows, code: number, group: number) => void;

interface StoredType {
  name: string;
  /** Elements per block. */
  blockSize: number;
  blockBytes: number;
}

interface FloatType extends StoredType {
  format: 'float';
  decode: (bytes: Uint8Array) => Float32Array<ArrayBuffer>;
}

interface CodedType extends StoredType {
  format: CodedFormat;
  unpack: BlockUnpacker;
  /** For a type whose offsets are no halves: its largest code, which `centerOffsets` keeps within its range. */
  largestCode?: number;
}

/** One way in which GGUF and other files store a tensor's elements. */
export type GgmlType = FloatType | CodedType;

/** The supported types by their id in the file. */
export const GGML_TYPES: Readonly<Record<number, GgmlType>> = {
  0: { name: 'F32', blockSize: 1, blockBytes: 4, format: 'float', decode: decodeFloat32 },
  1: { name: 'F16', blockSize: 1, blockBytes: 2, format: 'float', decode: decodeFloat16 },
  2: { name: 'Q4_0', blockSize: 32, blockBytes: 18, format: 'int4-affine', unpack: unpackQ4_0 },
  3: { name: 'Q4_1', blockSize: 32, blockBytes: 20, format: 'int4-affine', unpack: unpackQ4_1 },
  6: { name: 'Q5_0', blockSize: 32, blockBytes: 22, format: 'int8', unpack: unpackQ5_0 },
  7: { name: 'Q5_1', blockSize: 32, blockBytes: 24, format: 'int8-affine', unpack: unpackQ5_1 },
  8: { name: 'Q8_0', blockSize: 32, blockBytes: 34, format: 'int8', unpack: unpackQ8_0 },
  12: { name: 'Q4_K', blockSize: 256, blockBytes: 144, format: 'int4', unpack: unpackQ4_K },
  13: { name: 'Q5_K', blockSize: 256, blockBytes: 176, format: 'int8-affine', unpack: unpackQ5_K, largestCode: 31 },
  14: { name: 'Q6_K', blockSize: 256, blockBytes: 210, format: 'int8', unpack: unpackQ6_K },
  30: { name: 'BF16', blockSize: 1, blockBytes: 2, format: 'float', decode: decodeBFloat16 },
};

const UNSUPPORTED_NAMES: Readonly<Record<number, string>> = {
  4: 'Q4_2',
  5: 'Q4_3',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  31: 'Q4_0_4_4',
  32: 'Q4_0_4_8',
  33: 'Q4_0_8_8',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
  40: 'NVFP4',
  41: 'Q1_0',
  42: 'Q2_0',
};

/** The name of a type id, supported or not, for messages. */
export function ggmlTypeName(id: number): string {
  return GGML_TYPES[id]?.name ?? UNSUPPORTED_NAMES[id] ?? `type ${id}`;
}

/** The packed format that keeps the codes of `type`; 'float' for the types without codes, which `packTile` quantises. */
export function ggmlFormat(type: GgmlType): CodedFormat | 'float' {
  return type.format;
}

/**
 * The values of `count` elements stored as `type`, exact but for one rounding to f32.
 * Throws RangeError for a wrong number of bytes and, naming the block, for a scale that is not finite.
 */
export function dequantizeGgml(type: GgmlType, bytes: Uint8Array, count: number): Float32Array<ArrayBuffer> {
  requireBytes(type, bytes, count);
  if (type.format === 'float') return type.decode(bytes);
  const rows = unpackBlocks(type, bytes, count);
  const { codes, scales, offsets, units } = rows;
  for (let i = 0; i < units.length; i += 2) applyUnits(rows, (i / 2) * SUPERBLOCK_BLOCKS, units[i]!, units[i + 1]!);
  const groupColumns = GROUP_COLUMNS[type.format];
  const values = new Float32Array(count);
  for (let i = 0, group = 0; i < count; group++) {
    const scale = scales[group]!;
    const offset = offsets[group]!;
    for (const end = i + groupColumns; i < end; i++) values[i] = scale * codes[i]! + offset;
  }
  return values;
}

/**
 * Re-lays up to 32 rows of `columns` elements, one after another as in the file, into one tile in `ggmlFormat(type)` at
 * `out[outOffset]`. Values are kept exactly but for Q5_K and Q6_K, whose scales are rounded to h16 (layout.ts). Missing
 * rows become zero weights. Throws RangeError for a float type, a wrong number of bytes, a scale that is not finite
 * (naming the block) or that h16 cannot hold (naming row and column).
 */
export function repackGgmlTile(
  type: GgmlType,
  rows: Uint8Array,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  if (type.format === 'float') throw new RangeError(`${type.name} has no codes to keep`);
  if (columns % type.blockSize !== 0) {
    throw new RangeError(`rows of ${columns} are not whole ${type.name} blocks of ${type.blockSize}`);
  }
  requireBytes(type, rows, rowCount * columns);
  const coded = unpackBlocks(type, rows, rowCount * columns);
  if (type.largestCode !== undefined) centerOffsets(coded, type.largestCode);
  packCodes(type.format, coded, rowCount, columns, out, outOffset);
}

function requireBytes({ name, blockSize, blockBytes }: GgmlType, bytes: Uint8Array, count: number): void {
  const expected = (count / blockSize) * blockBytes;
  if (bytes.length !== expected) {
    throw new RangeError(`${count} elements of ${name} take ${expected} bytes, not ${bytes.length}`);
  }
}

function unpackBlocks(type: CodedType, bytes: Uint8Array, count: number): CodedRows {
  const target = allocateCodedRows(type.format, 1, count);
  const groups = type.blockSize / GROUP_COLUMNS[type.format];
  const blocks = count / type.blockSize;
  for (let block = 0; block < blocks; block++) {
    type.unpack(bytes, block * type.blockBytes, target, block * type.blockSize, block * groups);
  }
  for (const values of [target.scales, target.offsets, target.units]) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    const block = Math.floor(bad / (values.length / blocks));
    throw new RangeError(`${type.name} block ${block} has a scale or offset of ${values[bad]}`);
  }
  return target;
}

function decodeFloat32(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  return new Float32Array(bytes.slice().buffer);
}
