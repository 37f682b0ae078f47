import type { JsonObject } from '../checkpoint/json';
import { isJsonObject, parseJsonObject } from '../checkpoint/json';
import type { FiledTensor } from '../checkpoint/quantizedTensors';
import { HEADER_OFFSET, parseSafetensorsHeader, safetensorsHeaderLength } from '../checkpoint/safetensors';
import type { StoredTensor } from '../checkpoint/storedTensor';
import { readTorchArchive } from '../checkpoint/torchArchive';
import { engineError, missingFilesError } from '../errors';
import type { ByteSource } from './byteSource';
import type { FileSet } from './fileSet';
import { missingFile } from './fileSet';
import { stretchReader } from './readStretches';

const INDEX_LIMIT = 16 << 20;
/** The largest checkpoints have a few hundred. */
const MAX_SHARDS = 1000;

/** The weight files of a checkpoint and what they hold. */
export interface WeightFiles {
  weights: ByteSource[];
  tensors: FiledTensor[];
}

/** One kind of weight files, under the names that transformers gives them. */
interface FileKind {
  name: string;
  single: string;
  index: string;
  /** The names of shards that are given without an index. */
  shard: RegExp;
  readTensors(source: ByteSource): Promise<StoredTensor[]>;
}

/** In the order in which transformers looks for them. */
const KINDS: FileKind[] = [
  {
    name: 'safetensors',
    single: 'model.safetensors',
    index: 'model.safetensors.index.json',
    shard: /^[\w.-]+\.safetensors$/,
    readTensors: readSafetensors,
  },
  {
    name: 'PyTorch',
    single: 'pytorch_model.bin',
    index: 'pytorch_model.bin.index.json',
    shard: /^pytorch_model[\w.-]*\.bin$/,
    readTensors: readTorch,
  },
];

/**
 * The tensors of a checkpoint's safetensors or, where it has none, PyTorch files: one file before shards with an index
 * before whatever shards were given. Throws what reading them throws.
 */
export async function readWeightFiles(files: FileSet): Promise<WeightFiles> {
  for (const kind of KINDS) {
    const single = await files.open(kind.single);
    if (single) return { weights: [single], tensors: (await kind.readTensors(single)).map(inFile(0)) };
    const index = await files.open(kind.index);
    const shards = index
      ? shardNames(parseJsonObject(await index.readAll(INDEX_LIMIT), kind.index), kind)
      : countedShards(files.fileNames.filter((name) => kind.shard.test(name)));
    if (shards.length > 0) return readShards(files, shards, kind);
  }
  throw missingFile(files, KINDS[0]!.single);
}

function shardNames({ weight_map: weightMap }: JsonObject, { index: place, shard, name: kind }: FileKind): string[] {
  if (!isJsonObject(weightMap)) throw engineError('InvalidFileError', `${place}: "weight_map" is not an object.`);
  const names = new Set(Object.values(weightMap));
  for (const name of names) {
    if (typeof name !== 'string' || !shard.test(name)) {
      throw engineError('InvalidFileError', `${place}: ${JSON.stringify(name)} is not the name of a ${kind} file.`);
    }
  }
  if (names.size === 0) throw engineError('InvalidFileError', `${place}: "weight_map" is empty.`);
  return ([...names] as string[]).sort();
}

/** Shards without an index, with those that must be beside them: each says in its name how many there are. */
function countedShards(given: string[]): string[] {
  const names = new Set(given);
  for (const name of given) {
    const [, start, count, end] = /^(.*-)\d{5}-of-(\d{5})(\..*)$/.exec(name) ?? [];
    if (count === undefined || Number(count) > MAX_SHARDS) continue;
    for (let i = 1; i <= Number(count); i++) names.add(`${start}${String(i).padStart(5, '0')}-of-${count}${end}`);
  }
  return [...names].sort();
}

/** One after the other, none staying open: a browser opens no more than six connections to a server of HTTP/1.1. */
async function readShards(files: FileSet, names: string[], kind: FileKind): Promise<WeightFiles> {
  if (names.length > MAX_SHARDS) {
    const message = `The model is in ${names.length} ${kind.name} files; at most ${MAX_SHARDS} are expected.`;
    throw engineError('InvalidFileError', message);
  }
  const { kind: place, location } = files.info;
  // Of chosen files it is known which are there: all that are missing are named at once.
  const missing = place === 'files' ? names.filter((name) => !files.fileNames.includes(name)) : [];
  if (missing.length > 0) throw missingFilesError(missing, location);
  const weights: ByteSource[] = [];
  const tensors: FiledTensor[][] = [];
  for (const name of names) {
    const source = await files.open(name);
    if (!source) throw missingFile(files, name);
    tensors.push((await kind.readTensors(source)).map(inFile(weights.length)));
    weights.push(source);
    source.close();
  }
  return { weights, tensors: tensors.flat() };
}

function inFile(file: number): (tensor: StoredTensor) => FiledTensor {
  return (tensor) => ({ ...tensor, file });
}

async function readSafetensors(source: ByteSource): Promise<StoredTensor[]> {
  const prefix = await source.read(0, HEADER_OFFSET);
  const header = await source.read(HEADER_OFFSET, safetensorsHeaderLength(prefix, source.size, source.name));
  return parseSafetensorsHeader(header, source.size, source.name);
}

async function readTorch(source: ByteSource): Promise<StoredTensor[]> {
  const { size, name } = source;
  if (size === null) {
    throw engineError(
      'NetworkError',
      `${name}: the server does not say how long it is. Download it and open the file.`,
    );
  }
  const read = (offset: number, length: number) => source.readAside(offset, length);
  return readTorchArchive(read, stretchReader(source), size, name);
}
