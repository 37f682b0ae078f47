import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import { isJsonObject, parseJsonObject } from '../checkpoint/json';
import type { ModelConfig } from '../checkpoint/modelConfig';
import { huggingFaceNames } from '../checkpoint/names';
import { HEADER_OFFSET, parseSafetensorsHeader, safetensorsHeaderLength } from '../checkpoint/safetensors';
import { samplingFromJson } from '../checkpoint/sampling';
import type { FileTensor, SourceTensor } from '../checkpoint/tensorTable';
import { tensorTable } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import { GGML_TYPES } from '../quant/ggml';
import type { ByteSource } from './byteSource';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { missingFile } from './fileSet';
import { readTokenizer } from './readTokenizer';

const CONFIG_LIMIT = 1 << 20;
const INDEX_LIMIT = 16 << 20;

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
  const weights = await openWeights(files);
  return {
    modelName: files.modelName ?? statedName(json) ?? config.architecture,
    config,
    sampling: samplingFromJson(generation, config.architecture),
    licence: null,
    tensors: await readTensorTable(weights, config),
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

/** One file before shards before whatever was given: the order of transformers. */
async function openWeights(files: FileSet): Promise<ByteSource[]> {
  const single = await files.open('model.safetensors');
  if (single) return [single];
  const index = await readJson(files, 'model.safetensors.index.json', INDEX_LIMIT);
  const given = files.fileNames.filter((name) => name.endsWith('.safetensors')).sort();
  const shards = index ? shardNames(index) : given;
  if (shards.length > 0) return Promise.all(shards.map((name) => openShard(files, name)));
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

async function openShard(files: FileSet, name: string): Promise<ByteSource> {
  const source = await files.open(name);
  if (source) return source;
  throw missingFile(files, name);
}

async function readTensorTable(weights: ByteSource[], config: ModelConfig): Promise<SourceTensor[]> {
  const tensors: FileTensor[] = [];
  for (const [file, source] of weights.entries()) {
    const prefix = await source.read(0, HEADER_OFFSET);
    const header = await source.read(HEADER_OFFSET, safetensorsHeaderLength(prefix, source.size, source.name));
    for (const { dtype, ...entry } of parseSafetensorsHeader(header, source.size, source.name)) {
      const type = GGML_TYPES[GGML_TYPE_OF_DTYPE[dtype] ?? -1];
      if (!type)
        throw engineError(
          'UnsupportedError',
          `${source.name}, tensor "${entry.name}": weights of type ${dtype} are not supported.`,
        );
      tensors.push({ ...entry, type, file });
    }
    // The rest of the header's download is of no use while other shards' headers are read.
    if (weights.length > 1) source.close();
  }
  return tensorTable(
    tensors,
    config,
    huggingFaceNames,
    weights.map((source) => source.name),
  );
}
