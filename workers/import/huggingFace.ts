import { configFromJson } from '../checkpoint/config';
import type { JsonObject } from '../checkpoint/json';
import { isJsonObject, parseJsonObject } from '../checkpoint/json';
import { huggingFaceNames } from '../checkpoint/names';
import { unfoldedTensors } from '../checkpoint/unfoldedTensors';
import { callsSentencePiece } from '../checkpoint/visionConfig';
import { huggingFaceVisionNames } from '../checkpoint/visionNames';
import { quantizationScheme } from '../checkpoint/quantizationConfig';
import type { FiledTensor } from '../checkpoint/quantizedTensors';
import { quantizedTensors } from '../checkpoint/quantizedTensors';
import { recommendedFor, samplingFromJson } from '../checkpoint/sampling';
import { FLOAT_TYPES } from '../checkpoint/storedTensor';
import type { FileTensor } from '../checkpoint/tensorTable';
import { tensorTable } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { missingFile } from './fileSet';
import { modelName } from './modelName';
import { openQuantized } from './openQuantized';
import { readLicence } from './readLicence';
import { readTokenizer } from './readTokenizer';
import { readWeightFiles } from './weightFiles';

const CONFIG_LIMIT = 1 << 20;
const QUANTIZE_CONFIG = 'quantize_config.json';

/**
 * Opens a checkpoint in the layout of transformers: config.json, safetensors or pytorch_model.bin (one file, or shards with
 * an index), quantised or not, and the tokenizer. The configuration is judged before anything else is read.
 * Throws UnsupportedError, InvalidFileError, ModelNotFoundError or NetworkError.
 */
export async function openHuggingFaceCheckpoint(files: FileSet): Promise<Checkpoint> {
  const json = await readJson(files, 'config.json', CONFIG_LIMIT);
  if (!json) throw missingFile(files, 'config.json');
  const generation = await readJson(files, 'generation_config.json', CONFIG_LIMIT);
  const preprocessor = takesPictures(json) ? await readJson(files, 'preprocessor_config.json', CONFIG_LIMIT) : null;
  const stated = configFromJson(json, generation, 'config.json', preprocessor);
  const statedScheme = quantizationScheme(json, null);
  const { weights, tensors: filed } = await readWeightFiles(files);
  const fileNames = weights.map((source) => source.name);
  const config = { ...stated, tieWordEmbeddings: stated.tieWordEmbeddings || hasOneVocabularyMatrix(filed) };
  const isIncomplete = mayNeedQuantizeConfig(json) && filed.some(({ name }) => name.endsWith('.qweight'));
  const scheme = isIncomplete
    ? quantizationScheme(json, await readJson(files, QUANTIZE_CONFIG, CONFIG_LIMIT))
    : statedScheme;
  const { plain, quantized } = quantizedTensors(filed, scheme, fileNames);
  const tensors = [
    ...plain.map((tensor) => floatTensor(tensor, fileNames)),
    ...(await openQuantized(quantized, weights)),
  ];
  const table = tensorTable(
    config.vision || config.hybrid ? unfoldedTensors(tensors) : tensors,
    config,
    config.vision ? huggingFaceVisionNames : huggingFaceNames,
    fileNames,
  );
  const name = modelName([files.modelName, statedName(json)], config, table);
  return {
    modelName: name,
    config,
    sampling: samplingFromJson(generation, recommendedFor(config), name),
    licence: await readLicence(files),
    tensors: table,
    weights,
    tokenizer: await readTokenizer(files, config.vocabSize, callsSentencePiece(config.vision)),
  };
}

async function readJson(files: FileSet, name: string, limit: number): Promise<JsonObject | null> {
  const source = await files.open(name);
  return source && parseJsonObject(await source.readAll(limit), name);
}

/** Whether the model has a file about pictures: others are not asked for it. */
function takesPictures({ vision_config: vision, slice_config: slices }: JsonObject): boolean {
  return vision !== undefined || slices !== undefined;
}

/** Where the model was saved from: a repository or a folder. */
function statedName(config: JsonObject): string | null {
  const path = config._name_or_path;
  return typeof path === 'string' ? (path.split(/[/\\]/).findLast((part) => part !== '') ?? null) : null;
}

/** Whether config.json leaves to quantize_config.json, which AutoGPTQ writes, how or in which version it was quantised. */
function mayNeedQuantizeConfig({ quantization_config: stated, quantization }: JsonObject): boolean {
  if (!isJsonObject(stated)) return quantization === undefined;
  return stated.quant_method !== 'awq' && stated.checkpoint_format === undefined;
}

/** Tied matrices that PyTorch has saved under both names are one storage, whatever the configuration says. */
function hasOneVocabularyMatrix(tensors: FiledTensor[]): boolean {
  const [embedding, head] = ['model.embed_tokens.weight', 'lm_head.weight'].map((end) =>
    tensors.find(({ name }) => [end, `llm.${end}`, end.replace('model.', 'model.language_model.')].includes(name)),
  );
  return embedding !== undefined && embedding.file === head?.file && embedding.offset === head.offset;
}

function floatTensor({ dtype, ...tensor }: FiledTensor, fileNames: string[]): FileTensor {
  const type = FLOAT_TYPES[dtype];
  if (type) return { ...tensor, type };
  const place = `${fileNames[tensor.file]}, tensor "${tensor.name}"`;
  throw engineError('UnsupportedError', `${place}: weights of type ${dtype} are not supported.`);
}
