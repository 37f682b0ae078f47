import type {
  BenchmarkOptions,
  ChatRequest,
  EngineOptions,
  FetchOptions,
  ImportOptions,
  LoadOptions,
  ModelSource,
  RepairOptions,
  SamplingOptions,
  VerifyOptions,
} from './api';
import type { ChatMessage, ImagePart } from '../../workers/protocol/chat';
import type { TransferOptions } from '../../workers/protocol/importing';
import type { Hub } from '../../workers/protocol/source';
import {
  aFunction,
  aName,
  anAbortSignal,
  anObject,
  anyValue,
  aNumber,
  aString,
  either,
  isObject,
  listOf,
  objectOf,
  oneOf,
  openObjectOf,
  rule,
  trueOrFalse,
  wholeNumber,
  type Check,
  type Checks,
} from './checks';

/** What each call of the public API takes, checked before anything crosses to a worker. */

const above0 = aNumber(' above 0', (value) => value > 0);
const from0 = aNumber(' of 0 or more', (value) => value >= 0);
const from0To1 = aNumber(' from 0 to 1', (value) => value >= 0 && value <= 1);
const finite = aNumber('', () => true);
const isString = (value: unknown) => typeof value === 'string';

export const modelId: Check = aName;

export const engineOptions = objectOf<EngineOptions>({
  database: aName,
  limits: oneOf('max', 'default'),
  features: either(isString, oneOf('all'), listOf(aString, 'may be empty')),
  backend: oneOf('auto', 'webgpu', 'cpu'),
  kernels: oneOf('auto', 'f32', 'f16', 'int8', 'subgroups', 'registers', 'subgroup-matrix'),
  fusion: trueOrFalse,
});

const fetching: Checks<FetchOptions> = {
  token: aString,
  transfer: objectOf<TransferOptions>({
    chunkBytes: wholeNumber(1),
    connections: wholeNumber(1),
    stallSeconds: above0,
    retrySeconds: from0,
    attempts: wholeNumber(1),
  }),
  onProgress: aFunction,
  signal: anAbortSignal,
};

const hub = objectOf<Hub>(
  { url: aName, shape: oneOf('hugging-face', 'modelscope'), repo: aName, token: aString },
  'url',
);
const hubOrUrl = either(isString, aName, hub);

type SourceOf<Kind> = Extract<ModelSource, { kind: Kind }>;
const sources: Record<ModelSource['kind'], Check> = {
  files: objectOf<SourceOf<'files'>>(
    { kind: anyValue, files: listOf(rule('a File', (value) => value instanceof File)), folder: aName },
    'files',
  ),
  url: objectOf<SourceOf<'url'>>({ kind: anyValue, urls: listOf(aName) }, 'urls'),
  hub: objectOf<SourceOf<'hub'>>(
    {
      kind: anyValue,
      repo: aName,
      revision: aName,
      files: listOf(aName),
      hub: either(Array.isArray, listOf(hubOrUrl), hubOrUrl),
    },
    'repo',
  ),
  bundled: objectOf<SourceOf<'bundled'>>({ kind: anyValue, name: aName }, 'name'),
};

export const modelSource: Check = (name, value) => {
  anObject(name, value);
  const { kind } = value as ModelSource;
  oneOf(...Object.keys(sources))(`${name}.kind`, kind);
  sources[kind](name, value);
};

export const importOptions = objectOf<ImportOptions>({
  ...fetching,
  id: aName,
  quantization: oneOf('auto', 'int4', 'int8', 'f16', 'f32'),
});

export const fetchOptions = objectOf<FetchOptions>(fetching);

export const verifyOptions = objectOf<VerifyOptions>({ onProgress: aFunction, signal: anAbortSignal });

export const repairOptions = objectOf<RepairOptions>({ ...fetching, source: modelSource });

export const loadOptions = objectOf<LoadOptions>({
  contextLength: wholeNumber(1),
  kvCache: oneOf('auto', 'f32', 'f16', 'int8'),
  eyes: oneOf('auto', 'keep', 'release'),
  downsampling: oneOf('auto', '16x', '4x'),
  sharing: oneOf('shared', 'exclusive'),
  onProgress: aFunction,
  signal: anAbortSignal,
});

export const benchmarkOptions = objectOf<BenchmarkOptions>({
  shapes: listOf(oneOf('nano', '0.3B', '1B', '2B')),
  prefill: listOf(wholeNumber(1), 'may be empty'),
  decode: listOf(wholeNumber(1), 'may be empty'),
  secondsPerCase: above0,
  eyes: objectOf<NonNullable<BenchmarkOptions['eyes']>>({ layers: wholeNumber(1, 26) }, 'layers'),
  onProgress: aFunction,
  signal: anAbortSignal,
});

const sampling: Checks<SamplingOptions> = {
  max_tokens: wholeNumber(1),
  temperature: from0,
  top_p: from0To1,
  top_k: wholeNumber(0),
  min_p: from0To1,
  presence_penalty: finite,
  frequency_penalty: finite,
  repetition_penalty: above0,
  seed: finite,
  stop: either(isString, aString, listOf(aString, 'may be empty')),
  logprobs: trueOrFalse,
  top_logprobs: wholeNumber(0),
  prompt_lookup: trueOrFalse,
  prediction: objectOf<NonNullable<SamplingOptions['prediction']>>(
    { type: oneOf('content'), content: either(isString, aString, listOf(wholeNumber(0), 'may be empty')) },
    'type',
    'content',
  ),
  tokens_in_flight: wholeNumber(1),
  ignore_eos: trueOrFalse,
};

const imageUrl = openObjectOf<ImagePart['image_url']>(
  { url: aString, detail: oneOf('auto', 'low', 'high'), max_slices: wholeNumber(1) },
  'url',
);
const imagePart = openObjectOf<ImagePart>({ type: anyValue, image_url: imageUrl }, 'image_url');
const part = either((value) => isObject(value) && value.type === 'image_url', imagePart, anObject);

/** Message objects may have members that only the chat template of a model knows. */
const message: Check = (name, value) => {
  anObject(name, value);
  const { role, content } = value as ChatMessage;
  oneOf('system', 'user', 'assistant')(`${name}.role`, role);
  either(isString, aString, listOf(part))(`${name}.content`, content);
};
export const messages: Check = listOf(message);

/** Clients of OpenAI's interface send members of which this engine has none. */
export const chatRequest = openObjectOf<ChatRequest>(
  {
    ...sampling,
    messages,
    stream: trueOrFalse,
    signal: anAbortSignal,
    enable_thinking: trueOrFalse,
    context_overflow: oneOf('stop', 'drop_oldest'),
    continue_final_message: trueOrFalse,
    return_token_ids: trueOrFalse,
    written_token_ids: listOf(wholeNumber(0), 'may be empty'),
    onPictures: aFunction,
    model: aString,
  },
  'messages',
);

export const generateOptions = objectOf<SamplingOptions & { signal?: AbortSignal }>({
  ...sampling,
  signal: anAbortSignal,
});

export const text: Check = aString;

export const picture = rule('a Blob', (value) => value instanceof Blob);

/** Ids in a vocabulary. */
export function tokenIds(vocabSize: number, length?: 'may be empty'): Check {
  return listOf(wholeNumber(0, vocabSize - 1), length);
}

/** One of two ways to say what is computed. */
function inputOf(first: Record<string, Check>, second: Record<string, Check>): Check {
  const [key] = Object.keys(first) as [string];
  const [otherKey] = Object.keys(second) as [string];
  return either(
    (value) => isObject(value) && key in value,
    objectOf(first, key),
    either(
      (value) => isObject(value) && otherKey in value,
      objectOf(second, otherKey),
      rule(`an object with ${key} or ${otherKey}`, () => false),
    ),
  );
}

export function generateInput(vocabSize: number): Check {
  return inputOf({ tokenIds: tokenIds(vocabSize) }, { prompt: text });
}

export function forwardInput(vocabSize: number): Check {
  return inputOf({ tokenIds: tokenIds(vocabSize) }, { messages });
}

export const forwardOptions = objectOf<{ positions?: 'last' | 'all' }>({ positions: oneOf('last', 'all') });
export const tokenizeOptions = objectOf<{ addSpecialTokens?: boolean }>({ addSpecialTokens: trueOrFalse });
export const detokenizeOptions = objectOf<{ skipSpecialTokens?: boolean }>({ skipSpecialTokens: trueOrFalse });
export const templateOptions: Check = anObject;
