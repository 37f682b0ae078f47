import { readGgufHeader } from '../checkpoint/gguf';
import type { GgufHeader, GgufMetadata } from '../checkpoint/gguf';
import type { RopeFactors } from '../checkpoint/ggufConfig';
import { configFromGguf, ggufArchitecture } from '../checkpoint/ggufConfig';
import type { TokenizerRecord } from '../checkpoint/manifest';
import type { ModelConfig } from '../checkpoint/modelConfig';
import { GGUF_ROPE_FACTORS, ggufNames } from '../checkpoint/names';
import { recommendedFor, samplingFromGguf } from '../checkpoint/sampling';
import { tensorTable } from '../checkpoint/tensorTable';
import { unfoldedTensors } from '../checkpoint/unfoldedTensors';
import type { VisionConfig } from '../checkpoint/visionConfig';
import { callsSentencePiece, visionFromGguf } from '../checkpoint/visionConfig';
import { ggufVisionNames } from '../checkpoint/visionNames';
import { engineError } from '../errors';
import { dequantizeGgml } from '../quant/ggml';
import { tokenizerFromGguf } from '../tokenizer/fromGguf';
import { validateTokenizer } from '../tokenizer/validateTokenizer';
import type { ByteSource } from './byteSource';
import type { Checkpoint } from './checkpoint';
import type { FileSet } from './fileSet';
import { missingFile } from './fileSet';
import { modelName } from './modelName';

/** A head has at most a few hundred dimensions; a longer list of factors is damage. */
const MAX_FACTOR_BYTES = 4096;

/** A GGUF file whose header has been read. */
interface OpenGguf extends GgufHeader {
  source: ByteSource;
}

/**
 * Opens a GGUF file, and the mmproj file of its vision part where there is one: the architecture is judged as soon as the
 * header is read. Throws UnsupportedError, InvalidFileError or NetworkError.
 */
export async function openGgufCheckpoint(
  files: FileSet,
  fileName: string,
  visionFileName?: string,
): Promise<Checkpoint> {
  const opened = await openGguf(files, fileName);
  const { source, metadata, tensors } = opened;
  const { name: place } = source;
  // Judged before anything else is read.
  ggufArchitecture(metadata, place);
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const language = configFromGguf(metadata, shapes, await readRopeFactors(source, tensors), place);
  const vision = visionFileName === undefined ? null : await openGguf(files, visionFileName);
  const config = vision ? { ...language, vision: visionOf(vision, language.hiddenSize) } : language;
  const parts = vision ? [opened, vision] : [opened];
  const filed = parts.flatMap((part, file) => part.tensors.map((tensor) => ({ ...tensor, file })));
  const table = tensorTable(
    vision ? unfoldedTensors(filed) : filed,
    config,
    vision ? ggufVisionNames : ggufNames,
    parts.map((part) => part.source.name),
  );
  const text = (key: string) => {
    const value = metadata.get(key);
    return typeof value === 'string' ? value : null;
  };
  // The file's own name tells quantised forms of a model apart.
  const names = [fileName.replace(/\.gguf$/i, ''), text('general.name'), files.modelName];
  const name = modelName(names, config, table);
  return {
    modelName: name,
    config,
    sampling: samplingFromGguf(metadata, recommendedFor(config), name, place),
    tokenizer: readTokenizer(metadata, config),
    licence: text('general.license'),
    tensors: table,
    weights: parts.map((part) => part.source),
  };
}

async function openGguf(files: FileSet, fileName: string): Promise<OpenGguf> {
  if (/-\d{5}-of-\d{5}\.gguf$/.test(fileName)) {
    throw engineError('UnsupportedError', `${fileName}: GGUF files split into parts are not supported.`);
  }
  const source = await files.open(fileName);
  if (!source) throw missingFile(files, fileName);
  const read = (offset: number, length: number) => source.read(offset, length);
  return { source, ...(await readGgufHeader(read, source.size, source.name)) };
}

function visionOf({ source, metadata, tensors }: OpenGguf, hiddenSize: number): VisionConfig {
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  return visionFromGguf(metadata, shapes, hiddenSize, source.name);
}

async function readRopeFactors(source: ByteSource, tensors: GgufHeader['tensors']): Promise<RopeFactors> {
  const read = async (name: string): Promise<number[] | null> => {
    const tensor = tensors.find((candidate) => candidate.name === name);
    if (!tensor) return null;
    if (tensor.shape.length !== 1 || tensor.bytes > MAX_FACTOR_BYTES) {
      throw engineError('InvalidFileError', `${source.name}, tensor "${name}": it is not a short list of factors.`);
    }
    const bytes = await source.read(tensor.offset, tensor.bytes);
    return Array.from(dequantizeGgml(tensor.type, bytes, tensor.shape[0]!));
  };
  return { long: await read(GGUF_ROPE_FACTORS.long), short: await read(GGUF_ROPE_FACTORS.short) };
}

function readTokenizer(metadata: GgufMetadata, config: ModelConfig): TokenizerRecord | null {
  if ((metadata.get('tokenizer.ggml.model') ?? 'none') === 'none') return null;
  const corrected = new Map(metadata);
  if (callsSentencePiece(config.vision)) corrected.set('tokenizer.ggml.add_space_prefix', false);
  // The authors' first tokenizer_config.json of MiniCPM3 denied the BOS, and files were converted with it.
  if (config.architecture === 'minicpm3') corrected.set('tokenizer.ggml.add_bos_token', true);
  const record = tokenizerFromGguf(corrected);
  validateTokenizer(record, config.vocabSize);
  return record;
}
