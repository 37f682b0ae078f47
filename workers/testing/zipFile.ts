import { crc32 } from 'node:zlib';
import { concatenated } from './safetensorsFile';

/** A file inside an archive, and what its headers may say that is not so. */
export interface ZipFileEntry {
  name: string;
  bytes: Uint8Array;
  lies?: Partial<EntryFields>;
}

/** Of the directory; local headers repeat them unless `local` says otherwise. */
interface EntryFields {
  method: number;
  flags: number;
  crc32: number;
  size: number;
  packedSize: number;
  offset: number;
  extra: Uint8Array;
  local: Partial<Omit<EntryFields, 'local'>> & { name?: string; signature?: number };
}

/** What the end of an archive may say that is not so. */
export interface ZipLies {
  entries?: number;
  directoryBytes?: number;
  directoryOffset?: number;
  comment?: number;
  /** Ends with a zip64 record. */
  isZip64?: boolean;
  zip64Offset?: number;
  zip64RecordBytes?: number;
}

/** A zip archive of stored entries as PyTorch writes it: data aligned to 64 bytes, sizes behind the data. */
export function zipFile(entries: ZipFileEntry[], lies: ZipLies = {}): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let at = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    at += part.length;
  };
  const directory: Uint8Array[] = [];
  for (const { name, bytes, lies: entryLies = {} } of entries) {
    const fields: EntryFields = {
      method: 0,
      flags: 0x808,
      crc32: crc32(bytes),
      size: bytes.length,
      packedSize: bytes.length,
      offset: at,
      extra: new Uint8Array(0),
      local: {},
      ...entryLies,
    };
    directory.push(directoryEntry(name, fields));
    const spelling = new TextEncoder().encode(fields.local.name ?? name);
    const padding = (64 - ((at + 34 + spelling.length) % 64)) % 64;
    add(localHeader(spelling, { crc32: 0, size: 0, packedSize: 0, ...pick(fields), ...fields.local }, padding));
    add(bytes);
    add(packed([4, 0x08074b50], [4, fields.crc32], [4, fields.packedSize], [4, fields.size]));
  }
  const directoryOffset = lies.directoryOffset ?? at;
  const directoryBytes = lies.directoryBytes ?? directory.reduce((sum, entry) => sum + entry.length, 0);
  for (const entry of directory) add(entry);
  const count = lies.entries ?? entries.length;
  if (lies.isZip64) {
    const record = at;
    add(packed([4, 0x06064b50], [8, lies.zip64RecordBytes ?? 44], [2, 45], [2, 45], [4, 0], [4, 0]));
    add(packed([8, count], [8, count], [8, directoryBytes], [8, directoryOffset]));
    add(packed([4, 0x07064b50], [4, 0], [8, lies.zip64Offset ?? record], [4, 1]));
  }
  const short = (value: number, limit: number) => (lies.isZip64 ? limit : value);
  add(packed([4, 0x06054b50], [2, 0], [2, 0], [2, short(count, 0xffff)], [2, short(count, 0xffff)]));
  add(packed([4, short(directoryBytes, 0xffffffff)], [4, short(directoryOffset, 0xffffffff)], [2, lies.comment ?? 0]));
  return concatenated(parts);
}

function pick({ method, flags }: EntryFields) {
  return { method, flags };
}

function localHeader(
  name: Uint8Array,
  fields: Pick<EntryFields, 'method' | 'flags' | 'crc32' | 'size' | 'packedSize'> & { signature?: number },
  padding: number,
): Uint8Array {
  return concatenated([
    packed([4, fields.signature ?? 0x04034b50], [2, 0], [2, fields.flags], [2, fields.method], [4, 0]),
    packed([4, fields.crc32], [4, fields.packedSize], [4, fields.size], [2, name.length], [2, 4 + padding]),
    name,
    packed([2, 0x4246], [2, padding]),
    new Uint8Array(padding).fill(0x5a),
  ]);
}

function directoryEntry(name: string, fields: EntryFields): Uint8Array {
  const spelling = new TextEncoder().encode(name);
  return concatenated([
    packed([4, 0x02014b50], [2, 0], [2, 0], [2, fields.flags], [2, fields.method], [4, 0], [4, fields.crc32]),
    packed([4, fields.packedSize], [4, fields.size], [2, spelling.length], [2, fields.extra.length]),
    packed([2, 0], [2, 0], [2, 0], [4, 0], [4, fields.offset]),
    spelling,
    fields.extra,
  ]);
}

/** Little-endian numbers of so many bytes. */
export function packed(...numbers: [bytes: number, value: number][]): Uint8Array {
  return Uint8Array.from(
    numbers.flatMap(([bytes, value]) =>
      Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n)),
    ),
  );
}
