import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import { isJsonObject, parseJsonObject } from '../checkpoint/json';
import { huggingFaceNames } from '../checkpoint/names';
import { HEADER_OFFSET, parseSafetensorsHeader, safetensorsHeaderLength } from '../checkpoint/safetensors';
import { samplingFromJson } from '../checkpoint/sampling';
import type { FileTensor } from '../checkpoint/tensorTable';
import { tensorTable } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import { GGML_TYPES } from '../quant/ggml';
import type { ByteSource } from './byteSource';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { missingFile } from './fileSet';
import { readLicence } from './readLicence';
import { readTokenizer } from './readTokenizer';

const CONFIG_LIMIT = 1 << 20;
const INDEX_LIMIT = 16 << 20;
/** The largest checkpoints have a few hundred. */
const MAX_SHARDS = 1000;

/** ggml's ids of the dtypes that weights may have. */
const GGML_TYPE_OF_DTYPE: Readonly<Record<string, number>> = { F32: 0, F16: 1, BF16: 30 };

/**
 * Opens a checkpoint in the layout of transformers: config.json, safetensors (one file, or shards with an index) and
 * the tokenizer. The configuration is judged before anything else is read.
 * Throws UnsupportedError, InvalidFileError or NetworkError.
 */
export async function openHuggingFaceCheckpoint(files: FileSet): Promise<Checkpoint> {
  const json = await readJson(files, 'config.json', CONFIG_LIMIT);
  if (!json) throw missingFile(files, 'config.json');
  const generation = await readJson(files, 'generation_config.json', CONFIG_LIMIT);
  const config = configFromJson(json, generation);
  const { weights, tensors } = await readWeightFiles(files);
  return {
    modelName: files.modelName ?? statedName(json) ?? config.architecture,
    config,
    sampling: samplingFromJson(generation, config.architecture),
    licence: await readLicence(files),
    tensors: tensorTable(
      tensors,
      config,
      huggingFaceNames,
      weights.map((source) => source.name),
    ),
    weights,
    tokenizer: await readTokenizer(files, config.vocabSize),
  };
}

async function readJson(files: FileSet, name: string, limit: number): Promise<JsonObject | null> {
  const source = await files.open(name);
  return source && parseJsonObject(await source.readAll(limit), name);
}

function statedName(config: JsonObject): string | null {
  const path = config._name_or_path;
  const name = typeof path === 'string' ? path.split('/').at(-1) : '';
  return name === undefined || name === '' ? null : name;
}

interface WeightFiles {
  weights: ByteSource[];
  tensors: FileTensor[];
}

/** One file before shards before whatever was given: the order of transformers. */
async function readWeightFiles(files: FileSet): Promise<WeightFiles> {
  const single = await files.open('model.safetensors');
  if (single) return { weights: [single], tensors: await readHeader(single, 0) };
  const index = await readJson(files, 'model.safetensors.index.json', INDEX_LIMIT);
  const given = files.fileNames.filter((name) => name.endsWith('.safetensors')).sort();
  const shards = index ? shardNames(index) : given;
  if (shards.length > 0) return readShards(files, shards);
  for (const pickle of ['pytorch_model.bin', 'pytorch_model.bin.index.json']) {
    const source = await files.open(pickle);
    source?.close();
    if (!source) continue;
    const message = `Weights in ${pickle} are not supported yet, only safetensors and GGUF.`;
    throw engineError('UnsupportedError', message);
  }
  throw missingFile(files, 'model.safetensors');
}

function shardNames(index: JsonObject): string[] {
  const { weight_map: weightMap } = index;
  const place = 'model.safetensors.index.json';
  if (!isJsonObject(weightMap)) throw engineError('InvalidFileError', `${place}: "weight_map" is not an object.`);
  const names = new Set(Object.values(weightMap));
  for (const name of names) {
    if (typeof name !== 'string' || !/^[\w.-]+\.safetensors$/.test(name)) {
      throw engineError('InvalidFileError', `${place}: ${JSON.stringify(name)} is not the name of a safetensors file.`);
    }
  }
  if (names.size === 0) throw engineError('InvalidFileError', `${place}: "weight_map" is empty.`);
  return ([...names] as string[]).sort();
}

/** One after the other, none staying open: a browser opens no more than six connections to a server of HTTP/1.1. */
async function readShards(files: FileSet, names: string[]): Promise<WeightFiles> {
  if (names.length > MAX_SHARDS) {
    const message = `The model is in ${names.length} safetensors files; at most ${MAX_SHARDS} are expected.`;
    throw engineError('InvalidFileError', message);
  }
  const weights: ByteSource[] = [];
  const tensors: FileTensor[][] = [];
  for (const name of names) {
    const source = await files.open(name);
    if (!source) throw missingFile(files, name);
    tensors.push(await readHeader(source, weights.length));
    weights.push(source);
    source.close();
  }
  return { weights, tensors: tensors.flat() };
}

/** The tensors of the safetensors file that has the index `file`. */
async function readHeader(source: ByteSource, file: number): Promise<FileTensor[]> {
  const prefix = await source.read(0, HEADER_OFFSET);
  const header = await source.read(HEADER_OFFSET, safetensorsHeaderLength(prefix, source.size, source.name));
  return parseSafetensorsHeader(header, source.size, source.name).map(({ dtype, ...entry }) => {
    const type = GGML_TYPES[GGML_TYPE_OF_DTYPE[dtype] ?? -1];
    if (type) return { ...entry, type, file };
    const place = `${source.name}, tensor "${entry.name}"`;
    throw engineError('UnsupportedError', `${place}: weights of type ${dtype} are not supported.`);
  });
}
