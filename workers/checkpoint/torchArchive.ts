import { engineError } from '../errors';
import type { ReadBytes } from './byteCursor';
import { crc32 } from './crc32';
import type { PickledTensor } from './pickle';
import { MAX_PICKLE_BYTES, tensorsOfPickle } from './pickle';
import type { StoredTensor } from './storedTensor';
import { DTYPE_BYTES } from './storedTensor';
import type { ZipEntry } from './zipDirectory';
import { readZipDirectory, zipDataOffset } from './zipDirectory';

/** Stretches of a file: all of them in one go. */
export type ReadStretches = (stretches: { offset: number; length: number }[]) => Promise<Uint8Array[]>;

/** The end of data.pkl's name; what precedes it precedes the names of all entries. */
const PICKLE = '/data.pkl';

/** The first bytes of what PyTorch wrote before version 1.6: a pickle of a magic number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46];

/**
 * The tensors of a file of `fileSize` bytes that PyTorch has saved (torch.save, since version 1.6: a zip archive of one
 * pickle, data.pkl, and a file for each storage), ordered by position. Tensors that share a storage have the same offset.
 * Throws InvalidFileError and UnsupportedError naming what is wrong where; nothing in the file is run.
 */
export async function readTorchArchive(
  read: ReadBytes,
  readStretches: ReadStretches,
  fileSize: number,
  file: string,
): Promise<StoredTensor[]> {
  await refuseOtherKinds(read, fileSize, file);
  const entries = await readZipDirectory(read, fileSize, file);
  const pickle = findPickle(entries, file);
  const folder = pickle.name.slice(0, -PICKLE.length);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const byteOrder = byName.get(`${folder}/byteorder`);
  if (byteOrder && !isText(await readEntry(read, byteOrder, file), 'little')) {
    throw engineError('UnsupportedError', `${file}: its numbers are big-endian, which is not supported.`);
  }
  const pickled = tensorsOfPickle(await readEntry(read, pickle, file), `${file}, ${pickle.name}`);
  const storages = new Map<string, ZipEntry>();
  for (const [name, { storage }] of pickled) {
    const entry = byName.get(`${folder}/data/${storage}`);
    if (!entry) throw invalid(`${file}, tensor "${name}"`, `its storage, data/${storage}, is missing`);
    storages.set(storage, entry);
  }
  const offsets = await dataOffsets(readStretches, [...storages.values()], file);
  return Array.from(pickled, ([name, tensor]) => {
    const entry = storages.get(tensor.storage)!;
    return storedTensor(name, tensor, entry, offsets.get(entry)!, `${file}, tensor "${name}"`);
  }).sort((a, b) => a.offset - b.offset);
}

async function refuseOtherKinds(read: ReadBytes, fileSize: number, file: string): Promise<void> {
  const start = await read(0, Math.min(LEGACY.length, fileSize));
  if (!LEGACY.every((byte, i) => start[i] === byte)) return;
  throw engineError(
    'UnsupportedError',
    `${file} was saved in the format that PyTorch had before version 1.6. Load it in Python and save it again, best as safetensors.`,
  );
}

function findPickle(entries: ZipEntry[], file: string): ZipEntry {
  const [pickle, ...others] = entries.filter(({ name }) => name.endsWith(PICKLE));
  if (!pickle || others.length > 0) throw invalid(file, `it is no file of PyTorch: it has not one data.pkl in it`);
  if (pickle.bytes > MAX_PICKLE_BYTES) {
    throw invalid(`${file}, ${pickle.name}`, `it has ${pickle.bytes} bytes; at most ${MAX_PICKLE_BYTES} are expected`);
  }
  return pickle;
}

async function readEntry(read: ReadBytes, entry: ZipEntry, file: string): Promise<Uint8Array> {
  if (entry.bytes > MAX_PICKLE_BYTES) throw invalid(`${file}, ${entry.name}`, 'it is too long');
  const header = await read(entry.headerOffset, entry.headerBytes);
  const bytes = await read(zipDataOffset(entry, header, file), entry.bytes);
  if (crc32(bytes) !== entry.crc32) throw invalid(`${file}, ${entry.name}`, 'its checksum is wrong: it is damaged');
  return bytes;
}

async function dataOffsets(
  readStretches: ReadStretches,
  entries: ZipEntry[],
  file: string,
): Promise<Map<ZipEntry, number>> {
  const sorted = [...new Set(entries)].sort((a, b) => a.headerOffset - b.headerOffset);
  const stretches = sorted.map(({ headerOffset, headerBytes }) => ({ offset: headerOffset, length: headerBytes }));
  const headers = await readStretches(stretches);
  return new Map(sorted.map((entry, i) => [entry, zipDataOffset(entry, headers[i]!, file)]));
}

function storedTensor(
  name: string,
  { dtype, storageElements, offset, shape, strides }: PickledTensor,
  entry: ZipEntry,
  dataOffset: number,
  place: string,
): StoredTensor {
  const elementBytes = DTYPE_BYTES[dtype]!;
  if (storageElements * elementBytes !== entry.bytes) {
    throw invalid(place, `its storage has ${entry.bytes} bytes, but ${storageElements} elements of ${dtype}`);
  }
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements === 0) throw invalid(place, `its shape [${shape.join(', ')}] is empty`);
  if (!isContiguous(shape, strides)) {
    throw engineError(
      'UnsupportedError',
      `${place}: its elements do not follow each other (strides ${strides.join(', ')}).`,
    );
  }
  if (!Number.isSafeInteger(elements) || offset + elements > storageElements) {
    throw invalid(
      place,
      `[${shape.join(', ')}] from element ${offset} on reaches beyond its ${storageElements} elements`,
    );
  }
  return { name, dtype, shape, offset: dataOffset + offset * elementBytes, bytes: elements * elementBytes };
}

/** Of a dimension of size 1 the stride means nothing. */
function isContiguous(shape: number[], strides: number[]): boolean {
  let expected = 1;
  return shape.toReversed().every((size, i) => {
    const isRight = size === 1 || strides.at(-1 - i) === expected;
    expected *= size;
    return isRight;
  });
}

function isText(bytes: Uint8Array, text: string): boolean {
  return new TextDecoder().decode(bytes) === text;
}

function invalid(place: string, reason: string): Error {
  return engineError('InvalidFileError', `${place}: ${reason}.`);
}
