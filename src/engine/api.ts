import type { BenchmarkProgress, BenchmarkReport, BenchmarkRequest } from '../../workers/protocol/benchmark';
import type { ChatMessage } from '../../workers/protocol/chat';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { EngineApi, EngineOptions } from '../../workers/protocol/engine';
import type {
  ForwardResult,
  GenerateInput,
  GenerateResult,
  GeneratedToken,
  SamplingOptions,
} from '../../workers/protocol/generation';
import type { TransferOptions, UnfinishedImport } from '../../workers/protocol/importing';
import type { LoadRequest, ModelStats } from '../../workers/protocol/loading';
import type { ModelInfo, Quantization } from '../../workers/protocol/model';
import type { PictureInspection, PictureProgress } from '../../workers/protocol/pictures';
import type { Progress } from '../../workers/protocol/progress';
import type { ModelSource } from '../../workers/protocol/source';
import { AsyncQueue } from './asyncQueue';
import {
  completion,
  completionHead,
  lastChunk,
  tokenChunk,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatRequest,
} from './chatCompletions';
import * as check from './checkArguments';
import { callback, callImporter, connectEngine, type Remote, type WorkerClient } from './client';

export type * from '../../workers/protocol/benchmark';
export type * from '../../workers/protocol/chat';
export type * from '../../workers/protocol/diagnostics';
export type * from '../../workers/protocol/engine';
export type * from '../../workers/protocol/generation';
export type * from '../../workers/protocol/importing';
export type * from '../../workers/protocol/kernels';
export type * from '../../workers/protocol/loading';
export type * from '../../workers/protocol/model';
export type * from '../../workers/protocol/pictures';
export type * from '../../workers/protocol/progress';
export type * from '../../workers/protocol/source';
export type { EngineErrorName } from '../../workers/errors';
export type { ChatCompletion, ChatCompletionChunk, ChatRequest, FinishReason, Usage } from './chatCompletions';

/** What all calls that fetch have in common. */
export interface FetchOptions {
  /**
   * For repositories that need an access token: sent to the origin of their hub alone, and kept nowhere. Where a source has
   * several hubs it is sent to none of them: each has a `token` of its own.
   */
  token?: string | undefined;
  transfer?: TransferOptions;
  onProgress?: (progress: Progress) => void;
  /** Pauses: what is stored by then stays, and the same call goes on from there. */
  signal?: AbortSignal;
}

export interface ImportOptions extends FetchOptions {
  id?: string;
  /** How to store float weights. 'auto': int4 for matrices, more where quality asks for it. 'f32' keeps everything. */
  quantization?: Quantization;
}

export type VerifyOptions = Pick<FetchOptions, 'onProgress' | 'signal'>;

export interface RepairOptions extends FetchOptions {
  /** Needed for a model of local files, which the browser forgets, or where its address has changed. */
  source?: ModelSource;
}

export interface LoadOptions extends LoadRequest {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface BenchmarkOptions extends Partial<BenchmarkRequest> {
  onProgress?: (progress: BenchmarkProgress) => void;
  signal?: AbortSignal;
}

/**
 * Starts an engine: a worker that imports, loads and runs models on this device. This and every other call here rejects
 * with RangeError, before anything else happens, where an argument is senseless: out of range, of the wrong type, missing,
 * or an option that does not exist.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  check.engineOptions('options', options);
  const client = connectEngine();
  await client.call((api) => api.initialize(options));
  return new Engine(client, options);
}

let nextCallId = 1;

/** See createEngine. Methods reject with one of the error names in errors.ts, or RangeError for a senseless argument. */
export class Engine {
  readonly #client: WorkerClient<EngineApi>;
  readonly #database: string | undefined;

  constructor(client: WorkerClient<EngineApi>, options: EngineOptions) {
    this.#client = client;
    this.#database = options.database;
  }

  /** True after dispose(), or where the worker has crashed: only a new engine helps then. */
  get isClosed(): boolean {
    return this.#client.isClosed;
  }

  /**
   * Adapter, features, limits, memory guess, and each kernel variant with its state: as the model loaded last found it, or an
   * earlier visit; before any load, what the device has the features for is 'available' and not yet tried.
   */
  diagnostics(): Promise<Diagnostics> {
    return this.#client.call((api) => api.diagnostics());
  }

  listModels(): Promise<ModelInfo[]> {
    return this.#client.call((api) => api.listModels());
  }

  /**
   * Imports a model into IndexedDB. A broken or paused import of the same source is taken up where it stopped. Where
   * another tab imports the same, its progress is reported, and its work taken over should that tab be closed. A model that
   * is stored under the same id already is replaced; rejects with ModelInUseError while it is loaded.
   */
  async importModel(source: ModelSource, options: ImportOptions = {}): Promise<ModelInfo> {
    check.modelSource('source', source);
    check.importOptions('options', options);
    return this.#import(source, options);
  }

  /** Imports that were broken off or paused, and those under way. */
  listImports(): Promise<UnfinishedImport[]> {
    return this.#client.call((api) => api.listImports());
  }

  /**
   * Goes on with an import of the list from where it came. Where that were local files, rejects with InvalidFileError:
   * they have to be given to `importModel` again.
   */
  async resumeImport(id: string, options: FetchOptions = {}): Promise<ModelInfo> {
    check.modelId('id', id);
    check.fetchOptions('options', options);
    return this.#import(undefined, { ...options, id });
  }

  /** Deletes what an import of the list has stored; where it is under way, it rejects with ModelNotFoundError. */
  async discardImport(id: string): Promise<void> {
    check.modelId('id', id);
    return this.#client.call((api) => api.discardImport(id));
  }

  /** Re-hashes every stored chunk. An abort ends it with AbortError. */
  async verifyModel(id: string, options: VerifyOptions = {}): Promise<{ ok: boolean; badChunks: string[] }> {
    check.modelId('id', id);
    check.verifyOptions('options', options);
    const { onProgress = () => undefined, signal } = options;
    return abortable(this.#client, signal, (api, callId) => api.verifyModel(id, callId, callback(onProgress)));
  }

  /**
   * Re-hashes every stored chunk, and fetches those that are damaged anew, each from its own bytes of the source.
   * Resolves to the names of what was damaged. Rejects with SourceChangedError where the source has other weights now.
   */
  async repairModel(id: string, options: RepairOptions = {}): Promise<string[]> {
    check.modelId('id', id);
    check.repairOptions('options', options);
    const { source, token, transfer, onProgress = () => undefined, signal } = options;
    const request = { database: this.#database, id, source, token, transfer };
    return callImporter((api) => api.repairModel(request, callback(onProgress)), signal);
  }

  /** Rejects with ModelInUseError while the model is loaded, here or in another tab. */
  async removeModel(id: string): Promise<void> {
    check.modelId('id', id);
    return this.#client.call((api) => api.removeModel(id));
  }

  /** Streams a stored model to the device. */
  async load(id: string, options: LoadOptions = {}): Promise<Model> {
    check.modelId('id', id);
    check.loadOptions('options', options);
    const { onProgress = () => undefined, signal, ...request } = options;
    const { handle, info } = await abortable(this.#client, signal, (api, callId) =>
      api.load(id, request, callId, callback(onProgress)),
    );
    return new Model(this.#client, handle, info);
  }

  /**
   * Measures how fast this device reads and writes, with made-up weights: by default in the shape of the demo model. An
   * abort ends it with what was measured until then.
   */
  async benchmark(options: BenchmarkOptions = {}): Promise<BenchmarkReport> {
    check.benchmarkOptions('options', options);
    const { onProgress = () => undefined, signal, ...asked } = options;
    const request: BenchmarkRequest = {
      shapes: ['nano'],
      prefill: [128, 512, 2048],
      decode: [128, 1024, 4096],
      secondsPerCase: 10,
      ...asked,
    };
    return abortable(this.#client, signal, (api, callId) => api.benchmark(request, callId, callback(onProgress)));
  }

  /** Frees the device and ends the worker. */
  async dispose(): Promise<void> {
    await this.#client.call((api) => api.dispose());
    const closed = new Error('the engine was disposed');
    closed.name = 'AbortError';
    this.#client.close(closed);
  }

  #import(source: ModelSource | undefined, options: ImportOptions): Promise<ModelInfo> {
    const { id, quantization = 'auto', token, transfer, onProgress = () => undefined, signal } = options;
    const request = { database: this.#database, source, id, quantization, token, transfer };
    return callImporter((api) => api.importModel(request, callback(onProgress)), signal);
  }
}

/** A model in device memory. */
export class Model {
  readonly #client: WorkerClient<EngineApi>;
  readonly #handle: number;
  readonly info: ModelInfo;
  readonly chat: { completions: { create: CreateChatCompletion } };

  constructor(client: WorkerClient<EngineApi>, handle: number, info: ModelInfo) {
    this.#client = client;
    this.#handle = handle;
    this.info = info;
    this.chat = { completions: { create: ((request) => this.#createCompletion(request)) as CreateChatCompletion } };
  }

  async tokenize(text: string, options: { addSpecialTokens?: boolean } = {}): Promise<number[]> {
    check.text('text', text);
    check.tokenizeOptions('options', options);
    return this.#client.call((api) => api.tokenize(this.#handle, text, options));
  }

  async detokenize(tokenIds: number[], options: { skipSpecialTokens?: boolean } = {}): Promise<string> {
    check.tokenIds(this.info.vocabSize, 'may be empty')('tokenIds', tokenIds);
    check.detokenizeOptions('options', options);
    return this.#client.call((api) => api.detokenize(this.#handle, tokenIds, options));
  }

  async applyChatTemplate(messages: ChatMessage[], options: Record<string, unknown> = {}): Promise<string> {
    check.messages('messages', messages);
    check.templateOptions('options', options);
    return this.#client.call((api) => api.applyChatTemplate(this.#handle, messages, options));
  }

  /** One forward pass over a fresh cache. logits: [positions, vocabSize] row-major, float32. */
  async forward(
    input: { tokenIds: number[] } | { messages: ChatMessage[] },
    options: { positions?: 'last' | 'all' } = {},
  ): Promise<ForwardResult> {
    check.forwardInput(this.info.vocabSize)('input', input);
    check.forwardOptions('options', options);
    return this.#client.call((api) => api.forward(this.#handle, input, options));
  }

  /** Continues token ids or text, token by token. Leaving the loop stops the model. Throws RangeError at once. */
  generate(
    input: { tokenIds: number[] } | { prompt: string },
    options: SamplingOptions & { signal?: AbortSignal } = {},
  ): AsyncIterableIterator<GeneratedToken> {
    check.generateInput(this.info.vocabSize)('input', input);
    check.generateOptions('options', options);
    const { signal, ...sampling } = options;
    return this.#stream(signal, (inner, queue) => this.#generate(input, sampling, (token) => queue.push(token), inner));
  }

  /**
   * What this model would make of a picture file: the ways to cut it, and what they cost. Rejects with InvalidFileError
   * for what is no picture, is damaged or too large, and with UnsupportedError where the model takes none.
   */
  async inspectPicture(picture: Blob): Promise<PictureInspection> {
    check.picture('picture', picture);
    return this.#client.call((api) => api.inspectPicture(this.#handle, picture));
  }

  /** Counters since the model was loaded. */
  stats(): Promise<ModelStats> {
    return this.#client.call((api) => api.stats(this.#handle));
  }

  unload(): Promise<void> {
    return this.#client.call((api) => api.unload(this.#handle));
  }

  async #createCompletion(request: ChatRequest) {
    check.chatRequest('request', request);
    const { messages, stream = false, signal, onPictures, model: _model, ...options } = request;
    const { enable_thinking, context_overflow, continue_final_message = false, ...others } = options;
    const { return_token_ids = false, written_token_ids, ...sampling } = others;
    const templateOptions = enable_thinking === undefined ? {} : { enable_thinking };
    const input = {
      messages,
      templateOptions,
      contextOverflow: context_overflow ?? 'stop',
      continueFinalMessage: continue_final_message,
      ...(written_token_ids && { writtenTokenIds: written_token_ids }),
    };
    const head = completionHead(this.info.id);
    if (stream) {
      return this.#stream<ChatCompletionChunk>(signal, async (inner, queue) => {
        const onToken = (token: GeneratedToken) => {
          const chunk = tokenChunk(head, token, return_token_ids);
          if (chunk) queue.push(chunk);
        };
        queue.push(lastChunk(head, await this.#generate(input, sampling, onToken, inner, onPictures)));
      });
    }
    const tokens: GeneratedToken[] = [];
    const result = await this.#generate(input, sampling, (token) => tokens.push(token), signal, onPictures);
    return completion(head, tokens, result);
  }

  #generate(
    input: GenerateInput,
    sampling: SamplingOptions,
    onToken: (token: GeneratedToken) => void,
    signal: AbortSignal | undefined,
    onPictures: (progress: PictureProgress) => void = () => undefined,
  ): Promise<GenerateResult> {
    return abortable(this.#client, signal, (api, callId) =>
      api.generate(this.#handle, input, sampling, callId, callback(onToken), callback(onPictures)),
    );
  }

  #stream<T>(
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal, queue: AsyncQueue<T>) => Promise<unknown>,
  ): AsyncQueue<T> {
    const stopping = new AbortController();
    // AbortSignal.any would do this, but Safari has had it for less long than WebGPU needs.
    const stop = () => stopping.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    const queue = new AsyncQueue<T>(stop);
    run(stopping.signal, queue)
      .then(
        () => queue.end(),
        (error: unknown) => queue.fail(error),
      )
      .finally(() => signal?.removeEventListener('abort', stop));
    return queue;
  }
}

interface CreateChatCompletion {
  (request: ChatRequest & { stream: true }): Promise<AsyncIterableIterator<ChatCompletionChunk>>;
  (request: ChatRequest & { stream?: false }): Promise<ChatCompletion>;
}

/** Calls the worker under a fresh id that `signal` aborts there. */
async function abortable<T>(
  client: WorkerClient<EngineApi>,
  signal: AbortSignal | undefined,
  invoke: (api: Remote<EngineApi>, callId: number) => Promise<T>,
): Promise<T> {
  const callId = nextCallId++;
  // An engine that is gone has stopped already.
  const abort = () => void client.call((api) => api.abort(callId)).catch(() => undefined);
  if (signal?.aborted) throw abortError();
  signal?.addEventListener('abort', abort);
  try {
    return await client.call((api) => invoke(api, callId));
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function abortError(): Error {
  const error = new Error('stopped before it began');
  error.name = 'AbortError';
  return error;
}
