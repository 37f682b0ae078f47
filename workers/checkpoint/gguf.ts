import { engineError } from '../errors';
import type { GgmlType } from '../quant/ggml';
import { GGML_TYPES, ggmlTypeName } from '../quant/ggml';
import type { ReadBytes } from './byteCursor';
import { ByteCursor } from './byteCursor';
import type { GgufMetadata } from './ggufMetadata';
import { readMetadata, readName } from './ggufMetadata';

export type { GgufMetadata, GgufValue } from './ggufMetadata';

const MAGIC = 0x46554747;
const MAX_TENSORS = 100_000;
const MAX_NAME_BYTES = 256;
/** Ids of element types that ggml has given out or may soon; higher ones are damage. */
const TYPE_ID_LIMIT = 64;

export interface GgufTensor {
  name: string;
  /** Outermost dimension first, unlike in the file. */
  shape: number[];
  type: GgmlType;
  /** From the start of the file. */
  offset: number;
  bytes: number;
}

export interface GgufHeader {
  metadata: GgufMetadata;
  /** Ordered by position in the file. */
  tensors: GgufTensor[];
}

/**
 * The header of a GGUF file, version 2 or 3 (ggml/docs/gguf.md), read in pieces as long as it turns out to be. Every
 * count and length is checked against `fileSize` (null when unknown) before it is trusted, and every tensor lies inside
 * the file, aligned, one behind the other.
 * Throws InvalidFileError naming file and place, and UnsupportedError for other versions and element types.
 */
export async function readGgufHeader(read: ReadBytes, fileSize: number | null, file: string): Promise<GgufHeader> {
  const cursor = new ByteCursor(read, fileSize, file);
  const { tensorCount, keyCount } = await readCounts(cursor);
  const metadata = await readMetadata(cursor, keyCount);
  const alignment = readAlignment(metadata, file);
  const tensors: GgufTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = await readTensor(cursor, i, alignment);
    if (names.has(tensor.name)) throw invalid(file, `the tensor name "${tensor.name}" occurs twice`);
    names.add(tensor.name);
    tensors.push(tensor);
  }
  const dataStart = alignUp(cursor.position, alignment);
  for (const tensor of tensors) tensor.offset += dataStart;
  tensors.sort((a, b) => a.offset - b.offset);
  checkRanges(tensors, dataStart, alignment, fileSize, file);
  return { metadata, tensors };
}

async function readCounts(cursor: ByteCursor): Promise<{ tensorCount: number; keyCount: number }> {
  const { file } = cursor;
  await cursor.require(24, 'the start of a GGUF file');
  const magic = cursor.u32();
  if (magic !== MAGIC) throw invalid(file, 'it does not begin with "GGUF"');
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw refusedVersion(file, version);
  const tensorCount = cursor.u64();
  const keyCount = cursor.u64();
  if (tensorCount === 0) throw invalid(file, 'it holds no tensors');
  if (tensorCount > MAX_TENSORS)
    throw invalid(file, `${tensorCount} tensors are more than the ${MAX_TENSORS} accepted`);
  // The shortest key takes 8 + 1 + 4 + 1 bytes, the shortest tensor 8 + 1 + 4 + 8 + 4 + 8.
  cursor.checkRoom(keyCount * 14 + tensorCount * 33, `the list of ${keyCount} keys and ${tensorCount} tensors`);
  return { tensorCount, keyCount };
}

function refusedVersion(file: string, version: number): Error {
  const swapped =
    ((version & 0xff) << 24) | (((version >>> 8) & 0xff) << 16) | (((version >>> 16) & 0xff) << 8) | (version >>> 24);
  const isBigEndian = swapped === 2 || swapped === 3;
  if (isBigEndian) return engineError('UnsupportedError', `${file}: big-endian GGUF files are not supported.`);
  if (version >= 1 && version <= 16) {
    return engineError('UnsupportedError', `${file}: GGUF version ${version} is not supported, only 2 and 3.`);
  }
  return invalid(file, `${version} is no GGUF version`);
}

function readAlignment(metadata: GgufMetadata, file: string): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  const isPowerOfTwo = typeof alignment === 'number' && alignment >= 8 && Number.isInteger(Math.log2(alignment));
  if (isPowerOfTwo && alignment <= 1 << 16) return alignment;
  throw invalid(file, `general.alignment is ${JSON.stringify(alignment)}, not a power of two from 8 to 65536`);
}

async function readTensor(cursor: ByteCursor, index: number, alignment: number): Promise<GgufTensor> {
  const name = await readName(cursor, MAX_NAME_BYTES, `the name of tensor ${index}`);
  const place = `${cursor.file}, tensor "${name}"`;
  await cursor.require(4, `tensor "${name}"`);
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > 4) throw invalid(place, `it has ${dimensions} dimensions, not 1 to 4`);
  await cursor.require(dimensions * 8 + 12, `tensor "${name}"`);
  const shape = Array.from({ length: dimensions }, () => cursor.u64()).reverse();
  const type = elementType(cursor.u32(), place);
  const offset = cursor.u64();
  if (!Number.isSafeInteger(offset) || offset % alignment !== 0)
    throw invalid(place, `its offset ${offset} is not a multiple of ${alignment}`);
  return { name, shape, type, offset, bytes: tensorBytes(shape, type, place) };
}

function elementType(id: number, place: string): GgmlType {
  const type = GGML_TYPES[id];
  if (type) return type;
  if (id >= TYPE_ID_LIMIT) throw invalid(place, `${id} is no type of weights`);
  throw engineError('UnsupportedError', `${place}: weights of the type ${ggmlTypeName(id)} are not supported.`);
}

function tensorBytes(shape: number[], { name, blockSize, blockBytes }: GgmlType, place: string): number {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements === 0) throw invalid(place, `its shape [${shape.join(', ')}] is empty`);
  const columns = shape.at(-1)!;
  if (columns % blockSize !== 0) {
    throw invalid(place, `rows of ${columns} do not fit ${name}, which has blocks of ${blockSize}`);
  }
  const bytes = (elements / blockSize) * blockBytes;
  if (!Number.isSafeInteger(bytes)) throw invalid(place, `its shape [${shape.join(', ')}] is too large`);
  return bytes;
}

/** Writers put tensors one behind the other, aligned; anything else is damage. */
function checkRanges(
  tensors: GgufTensor[],
  dataStart: number,
  alignment: number,
  fileSize: number | null,
  file: string,
) {
  let end = dataStart;
  for (const { name, offset, bytes } of tensors) {
    const place = `${file}, tensor "${name}"`;
    if (offset < end) throw invalid(place, 'it overlaps the tensor in front of it');
    if (offset > alignUp(end, alignment)) throw invalid(place, `${offset - end} unused bytes precede it`);
    end = offset + bytes;
    if (fileSize !== null && end > fileSize) {
      throw invalid(place, `it ends at byte ${end} of a file of ${fileSize} bytes`);
    }
  }
}

function alignUp(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}
