import { engineError } from '../errors';
import type { ByteCursor } from './byteCursor';
import { decodeUtf8 } from './json';

/** One metadata value. 64-bit integers become the nearest number. */
export type GgufValue = string | number | boolean | string[] | number[] | boolean[];

/** Metadata of a GGUF file by key. */
export type GgufMetadata = Map<string, GgufValue>;

/** Files have some dozens of keys. */
const MAX_KEYS = 10_000;
const MAX_KEY_BYTES = 1024;
/** The largest published vocabularies have a few hundred thousand tokens and as many merges. */
const MAX_ARRAY_LENGTH = 1 << 22;
/** Their headers take a few megabytes. */
const MAX_HEADER_BYTES = 64 << 20;
/** Chat templates and licences are the longest texts. */
const MAX_STRING_BYTES = 16 << 20;

interface ScalarType {
  bytes: number;
  read(cursor: ByteCursor): number | boolean;
}

const BOOLEAN = 7;
const STRING = 8;
const ARRAY = 9;

/** The types of values by their id in the file (ggml/docs/gguf.md). */
const SCALAR_TYPES: Readonly<Record<number, ScalarType>> = {
  0: { bytes: 1, read: (cursor) => cursor.u8() },
  1: { bytes: 1, read: (cursor) => cursor.i8() },
  2: { bytes: 2, read: (cursor) => cursor.u16() },
  3: { bytes: 2, read: (cursor) => cursor.i16() },
  4: { bytes: 4, read: (cursor) => cursor.u32() },
  5: { bytes: 4, read: (cursor) => cursor.i32() },
  6: { bytes: 4, read: (cursor) => cursor.f32() },
  [BOOLEAN]: { bytes: 1, read: readBoolean },
  10: { bytes: 8, read: (cursor) => cursor.u64() },
  11: { bytes: 8, read: (cursor) => cursor.i64() },
  12: { bytes: 8, read: (cursor) => cursor.f64() },
};

/** Tokens may be parts of characters, which become replacement characters, or a byte order mark, which is kept. */
const LENIENT_UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads `count` keys and values. Throws InvalidFileError naming the key or the byte. */
export async function readMetadata(cursor: ByteCursor, count: number): Promise<GgufMetadata> {
  if (count > MAX_KEYS) throw invalid(cursor, `${count} metadata keys are more than the ${MAX_KEYS} that are accepted`);
  const metadata: GgufMetadata = new Map();
  for (let i = 0; i < count; i++) {
    const key = await readName(cursor, MAX_KEY_BYTES, `metadata key ${i}`);
    if (metadata.has(key)) throw invalid(cursor, `the metadata key "${key}" occurs twice`);
    metadata.set(key, await readValue(cursor, `the value of "${key}"`));
    checkHeaderLength(cursor, 0);
  }
  return metadata;
}

/** A string of at most `limit` bytes that must be UTF-8 and not empty: a key or the name of a tensor. */
export async function readName(cursor: ByteCursor, limit: number, what: string): Promise<string> {
  const length = await readLength(cursor, limit, what);
  if (length === 0) throw invalid(cursor, `${what} is empty`);
  await cursor.require(length, what);
  return decodeUtf8(cursor.bytes(length), `${cursor.file}, ${what}`);
}

async function readValue(cursor: ByteCursor, what: string): Promise<GgufValue> {
  await cursor.require(4, what);
  const type = cursor.u32();
  if (type === ARRAY) return readArray(cursor, what);
  if (type === STRING) return readString(cursor, what);
  const { bytes, read } = scalarType(cursor, type, what);
  await cursor.require(bytes, what);
  return read(cursor);
}

async function readArray(cursor: ByteCursor, what: string): Promise<GgufValue> {
  await cursor.require(12, what);
  const type = cursor.u32();
  const scalar = type === STRING ? null : scalarType(cursor, type, what);
  const length = cursor.u64();
  if (length > MAX_ARRAY_LENGTH) {
    throw invalid(cursor, `${what} has ${length} elements, more than the ${MAX_ARRAY_LENGTH} that are accepted`);
  }
  return scalar ? readScalars(cursor, scalar, length, what) : readStrings(cursor, length, what);
}

/** Like `readScalars`, awaits only what is not at hand: that makes large vocabularies many times faster. */
async function readStrings(cursor: ByteCursor, length: number, what: string): Promise<string[]> {
  cursor.checkRoom(length * 8, `${what} with ${length} texts`);
  const texts: string[] = [];
  for (let i = 0; i < length; i++) {
    if (!cursor.has(8)) await cursor.require(8, what);
    const bytes = checkedLength(cursor, cursor.u64(), MAX_STRING_BYTES, what);
    if (!cursor.has(bytes)) await cursor.require(bytes, what);
    texts.push(LENIENT_UTF8.decode(cursor.bytes(bytes)));
  }
  return texts;
}

async function readScalars(
  cursor: ByteCursor,
  { bytes, read }: ScalarType,
  length: number,
  what: string,
): Promise<number[] | boolean[]> {
  cursor.checkRoom(length * bytes, `${what} with ${length} elements`);
  checkHeaderLength(cursor, length * bytes);
  const values: (number | boolean)[] = [];
  for (let i = 0; i < length; i++) {
    if (!cursor.has(bytes)) await cursor.require(bytes, what);
    values.push(read(cursor));
  }
  // All elements are of one type, which the loop cannot tell the compiler.
  return values as number[] | boolean[];
}

async function readString(cursor: ByteCursor, what: string): Promise<string> {
  const length = await readLength(cursor, MAX_STRING_BYTES, what);
  await cursor.require(length, what);
  return LENIENT_UTF8.decode(cursor.bytes(length));
}

async function readLength(cursor: ByteCursor, limit: number, what: string): Promise<number> {
  await cursor.require(8, what);
  return checkedLength(cursor, cursor.u64(), limit, what);
}

function checkedLength(cursor: ByteCursor, length: number, limit: number, what: string): number {
  if (length > limit) {
    throw invalid(cursor, `${what} is ${length} bytes long, more than the ${limit} that are accepted`);
  }
  checkHeaderLength(cursor, length);
  return length;
}

function checkHeaderLength(cursor: ByteCursor, more: number): void {
  if (cursor.position + more <= MAX_HEADER_BYTES) return;
  throw invalid(cursor, `the header is longer than the ${MAX_HEADER_BYTES} bytes that are accepted`);
}

function readBoolean(cursor: ByteCursor): boolean {
  const value = cursor.u8();
  if (value > 1) throw invalid(cursor, `a truth value is ${value}, neither 0 nor 1`);
  return value === 1;
}

function scalarType(cursor: ByteCursor, type: number, what: string): ScalarType {
  const scalar = SCALAR_TYPES[type];
  if (scalar) return scalar;
  throw invalid(cursor, `${what} has the type ${type}, which is ${type === ARRAY ? 'a nested array' : 'not known'}`);
}

function invalid(cursor: ByteCursor, reason: string): Error {
  return engineError('InvalidFileError', `${cursor.file}, before byte ${cursor.position}: ${reason}.`);
}
