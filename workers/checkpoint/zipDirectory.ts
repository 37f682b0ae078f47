import { engineError } from '../errors';
import type { ReadBytes } from './byteCursor';
import { decodeUtf8 } from './json';

/** A directory has some fifty bytes and a name for each of a few hundred tensors. */
const MAX_DIRECTORY_BYTES = 16 << 20;
const MAX_ENTRIES = 100_000;

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const HEADER_SIGNATURE = 0x04034b50;
const HEADER_BYTES = 30;

/** In place of a 32-bit number: it is in the zip64 field. */
const SEE_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;

const ENCRYPTED = 1 << 0;
/** Sizes and checksum may be zero in the local header: they follow the data. */
const HAS_DESCRIPTOR = 1 << 3;
const STORED = 0;

/** A file inside a zip archive, stored as it is. */
export interface ZipEntry {
  name: string;
  crc32: number;
  bytes: number;
  /** Where its local header starts, which precedes its data. */
  headerOffset: number;
  headerBytes: number;
  /** Where the next entry or the directory starts: its data ends before. */
  end: number;
}

interface DirectoryPlace {
  offset: number;
  bytes: number;
  entries: number;
}

/**
 * The entries of a zip archive (PKWARE's APPNOTE, zip64 included) in the order of the file, read from its end. Archives
 * are taken as PyTorch writes them: nothing compressed, nothing encrypted, no comment, one entry behind the other.
 * Throws InvalidFileError naming file and entry, and UnsupportedError for compressed and encrypted entries.
 */
export async function readZipDirectory(read: ReadBytes, fileSize: number, file: string): Promise<ZipEntry[]> {
  const place = await findDirectory(read, fileSize, file);
  const bytes = await read(place.offset, place.bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < place.entries) {
    const entry = parseEntry(bytes.subarray(at), entries.length, file);
    entries.push(entry);
    at += entry.directoryBytes;
  }
  if (at !== bytes.length) throw invalid(file, `its directory has ${bytes.length - at} bytes behind the last entry`);
  entries.sort((a, b) => a.headerOffset - b.headerOffset);
  checkEntries(entries, place.offset, file);
  return entries;
}

/**
 * Where the data of `entry` starts, by its local header, the `headerBytes` bytes at `headerOffset`.
 * Throws InvalidFileError where that says something else than the directory.
 */
export function zipDataOffset(entry: ZipEntry, header: Uint8Array, file: string): number {
  const place = `${file}, entry "${entry.name}"`;
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  if (view.getUint32(0, true) !== HEADER_SIGNATURE) throw invalid(place, 'there is no entry where it should be');
  const flags = view.getUint16(6, true);
  if (view.getUint16(8, true) !== STORED || flags & ENCRYPTED) throw otherHeader(place);
  for (const at of [18, 22]) {
    const size = view.getUint32(at, true);
    const isLeftOut = size === SEE_ZIP64 || (size === 0 && (flags & HAS_DESCRIPTOR) !== 0);
    if (size !== entry.bytes && !isLeftOut) throw otherHeader(place);
  }
  const nameBytes = view.getUint16(26, true);
  const name = nameBytes === header.length - HEADER_BYTES ? decodeUtf8(header.subarray(HEADER_BYTES), place) : null;
  if (name !== entry.name) throw otherHeader(place);
  const offset = entry.headerOffset + header.length + view.getUint16(28, true);
  if (offset + entry.bytes > entry.end) throw invalid(place, 'it reaches into what follows it');
  return offset;
}

async function findDirectory(read: ReadBytes, fileSize: number, file: string): Promise<DirectoryPlace> {
  const tailBytes = Math.min(fileSize, END64_BYTES + LOCATOR_BYTES + END_BYTES);
  const tail = await read(fileSize - tailBytes, tailBytes);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const endAt = tailBytes - END_BYTES;
  if (endAt < 0 || view.getUint32(endAt, true) !== END_SIGNATURE || view.getUint16(endAt + 20, true) !== 0) {
    throw invalid(file, 'it does not end as a zip archive does: it is damaged, cut off, or something else');
  }
  const locatorAt = endAt - LOCATOR_BYTES;
  const isZip64 = locatorAt >= 0 && view.getUint32(locatorAt, true) === LOCATOR_SIGNATURE;
  const place = isZip64 ? zip64Place(view, locatorAt, fileSize, file) : zipPlace(view, endAt);
  const directoryEnd = fileSize - END_BYTES - (isZip64 ? LOCATOR_BYTES + END64_BYTES : 0);
  if (place.offset + place.bytes !== directoryEnd) {
    throw invalid(file, `its directory does not lie in front of its end, from byte ${place.offset} on`);
  }
  if (place.bytes > MAX_DIRECTORY_BYTES || place.entries > MAX_ENTRIES) {
    throw invalid(file, `a directory of ${place.entries} entries in ${place.bytes} bytes is more than is accepted`);
  }
  if (place.entries === 0 || place.entries * ENTRY_BYTES > place.bytes) {
    throw invalid(file, `its directory of ${place.bytes} bytes cannot hold ${place.entries} entries`);
  }
  return place;
}

function zipPlace(view: DataView, at: number): DirectoryPlace {
  return {
    entries: view.getUint16(at + 10, true),
    bytes: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
}

function zip64Place(view: DataView, locatorAt: number, fileSize: number, file: string): DirectoryPlace {
  const at = locatorAt - END64_BYTES;
  const isThere =
    at >= 0 &&
    readU64(view, locatorAt + 8) === fileSize - view.byteLength + at &&
    view.getUint32(at, true) === END64_SIGNATURE &&
    readU64(view, at + 4) === END64_BYTES - 12;
  if (!isThere) throw invalid(file, 'its zip64 record is not where it should be');
  return { entries: readU64(view, at + 32), bytes: readU64(view, at + 40), offset: readU64(view, at + 48) };
}

function parseEntry(bytes: Uint8Array, index: number, file: string): ZipEntry & { directoryBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < ENTRY_BYTES || view.getUint32(0, true) !== ENTRY_SIGNATURE) {
    throw invalid(file, `entry ${index} of its directory is damaged`);
  }
  const nameBytes = view.getUint16(28, true);
  const extraEnd = ENTRY_BYTES + nameBytes + view.getUint16(30, true);
  const directoryBytes = extraEnd + view.getUint16(32, true);
  if (directoryBytes > bytes.length) throw invalid(file, `entry ${index} of its directory is cut off`);
  const name = decodeUtf8(bytes.subarray(ENTRY_BYTES, ENTRY_BYTES + nameBytes), `${file}, the name of entry ${index}`);
  const place = `${file}, entry "${name}"`;
  if (view.getUint16(8, true) & ENCRYPTED) throw unsupported(place, 'it is encrypted');
  if (view.getUint16(10, true) !== STORED) {
    throw unsupported(place, 'it is compressed, which PyTorch never does; zip archives must be stored as they are');
  }
  const short = [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)] as const;
  const extra = bytes.subarray(ENTRY_BYTES + nameBytes, extraEnd);
  const [size, packedSize, headerOffset] = withZip64(short, extra, place);
  if (size !== packedSize) throw invalid(place, `it has ${packedSize} bytes that should be ${size}`);
  return {
    name,
    crc32: view.getUint32(16, true),
    bytes: size,
    headerOffset,
    headerBytes: HEADER_BYTES + nameBytes,
    end: 0,
    directoryBytes,
  };
}

/** Size, packed size and offset; those that 32 bits cannot say follow each other in the zip64 field. */
function withZip64(short: readonly [number, number, number], extra: Uint8Array, place: string) {
  if (!short.includes(SEE_ZIP64)) return short;
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64_FIELD && end <= extra.length) {
      let next = at + 4;
      const long = short.map((value) => {
        if (value !== SEE_ZIP64) return value;
        next += 8;
        return next <= end ? readU64(view, next - 8) : NaN;
      });
      if (long.every(Number.isSafeInteger)) return long as [number, number, number];
    }
    at = end;
  }
  throw invalid(place, 'its zip64 sizes are missing or absurd');
}

function checkEntries(entries: ZipEntry[], directoryOffset: number, file: string): void {
  const names = new Set<string>();
  for (const [i, entry] of entries.entries()) {
    const place = `${file}, entry "${entry.name}"`;
    if (names.has(entry.name)) throw invalid(place, 'there are two of this name');
    names.add(entry.name);
    entry.end = entries[i + 1]?.headerOffset ?? directoryOffset;
    if (entry.headerOffset + entry.headerBytes + entry.bytes > entry.end) {
      throw invalid(place, `its ${entry.bytes} bytes reach into what follows it`);
    }
  }
}

/** The nearest number where 64 bits say more than a number can. */
function readU64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function otherHeader(place: string): Error {
  return invalid(place, 'its header says something else than the directory');
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}

function unsupported(place: string, reason: string): Error {
  return engineError('UnsupportedError', `${place}: ${reason}.`);
}
