import { engineError } from '../errors';
import type { JsonObject } from './json';
import { decodeUtf8, isJsonObject, parseJsonObject } from './json';
import type { StoredTensor } from './storedTensor';
import { DTYPE_BYTES } from './storedTensor';

/**
 * The headers of the largest checkpoints stay below 1 MB. The format allows 100 MB, but parsing that takes gigabytes,
 * which a phone does not have.
 */
const MAX_HEADER_BYTES = 16 << 20;

/** The header starts behind its own length. */
export const HEADER_OFFSET = 8;

/**
 * The length of the JSON header, from the first 8 bytes of a file of `fileSize` bytes (null when unknown).
 * Throws InvalidFileError when it does not fit the file or is absurd.
 */
export function safetensorsHeaderLength(prefix: Uint8Array, fileSize: number | null, file: string): number {
  if (prefix.length < HEADER_OFFSET) throw invalid(file, `it ends after ${prefix.length} bytes`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (length < 2 || length > MAX_HEADER_BYTES) {
    throw invalid(file, `the header length ${length} is outside 2 to ${MAX_HEADER_BYTES} bytes`);
  }
  if (fileSize !== null && HEADER_OFFSET + length > fileSize) {
    throw invalid(file, `the header length ${length} reaches past the end of the file (${fileSize} bytes)`);
  }
  return length;
}

/**
 * The tensor table of a safetensors header (the bytes behind the length), ordered by position in the file. Every tensor
 * has the size that its shape and dtype call for, and together they cover the data section exactly.
 * Throws InvalidFileError naming the file and the tensor.
 */
export function parseSafetensorsHeader(header: Uint8Array, fileSize: number | null, file: string): StoredTensor[] {
  const place = `The header of ${file}`;
  const { __metadata__: metadata, ...table } = parseJsonObject(header, place);
  if (metadata !== undefined && !isJsonObject(metadata)) throw invalid(file, '__metadata__ is not an object');
  const dataStart = HEADER_OFFSET + header.length;
  const entries = Object.entries(table).map(([name, entry]) => parseEntry(name, entry, dataStart, file));
  if (entries.length === 0) throw invalid(file, 'it holds no tensors');
  refuseDuplicateNames(decodeUtf8(header, place), entries.length, file);
  entries.sort((a, b) => a.offset - b.offset);
  checkCoverage(entries, dataStart, fileSize, file);
  return entries;
}

function parseEntry(name: string, entry: unknown, dataStart: number, file: string): StoredTensor {
  const place = `${file}, tensor "${name}"`;
  if (!isJsonObject(entry)) throw invalid(place, 'its entry is not an object');
  const { dtype } = entry;
  if (typeof dtype !== 'string') throw invalid(place, 'its dtype is not a string');
  if (!Object.hasOwn(DTYPE_BYTES, dtype)) throw invalid(place, `its dtype "${dtype}" is not known`);
  const shape = parseShape(entry, place);
  const [begin, end] = parseOffsets(entry, place);
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]!);
  if (!Number.isSafeInteger(bytes)) throw invalid(place, `its shape [${shape.join(', ')}] is too large`);
  if (end - begin !== bytes) {
    throw invalid(place, `it has ${end - begin} bytes, but ${dtype} [${shape.join(', ')}] takes ${bytes}`);
  }
  return { name, dtype, shape, offset: dataStart + begin, bytes };
}

function parseShape({ shape }: JsonObject, place: string): number[] {
  const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) > 0;
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(isSize)) {
    throw invalid(place, 'its shape is not a list of at most 8 positive whole numbers');
  }
  return shape;
}

function parseOffsets({ data_offsets: offsets }: JsonObject, place: string): [number, number] {
  const isOffset = (offset: unknown): offset is number => Number.isSafeInteger(offset) && (offset as number) >= 0;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isOffset)) {
    throw invalid(place, 'its data_offsets are not two whole numbers');
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) throw invalid(place, `its data_offsets [${begin}, ${end}] run backwards`);
  return [begin, end];
}

/** JSON.parse keeps only the last of equal keys, so entries are counted in the text, where every entry has its offsets. */
function refuseDuplicateNames(text: string, entryCount: number, file: string): void {
  const written = text.match(/"data_offsets"\s*:/g)?.length ?? 0;
  if (written !== entryCount) {
    throw invalid(file, `its header writes ${written} entries for ${entryCount} names: a name occurs twice`);
  }
}

function checkCoverage(entries: StoredTensor[], dataStart: number, fileSize: number | null, file: string): void {
  let position = dataStart;
  for (const { name, offset, bytes } of entries) {
    if (offset < position) throw invalid(`${file}, tensor "${name}"`, `it overlaps the tensor in front of it`);
    if (offset > position) throw invalid(`${file}, tensor "${name}"`, `${offset - position} unused bytes precede it`);
    position = offset + bytes;
    if (fileSize !== null && position > fileSize) {
      throw invalid(`${file}, tensor "${name}"`, `it ends at byte ${position} of a file of ${fileSize} bytes`);
    }
  }
  if (fileSize !== null && position < fileSize) {
    throw invalid(file, `${fileSize - position} bytes behind the last tensor belong to none`);
  }
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}
