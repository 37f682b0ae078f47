import type { ModelConfig } from '../checkpoint/modelConfig';
import { engineError } from '../errors';
import { forward, type MiniCpm } from '../model/minicpm';
import type { Backend, Program, Step } from '../ops/backend';
import { Ops, type LayerCache } from '../ops/graph';
import type {
  ChatMessage,
  ForwardResult,
  GeneratedToken,
  GenerateInput,
  GenerateResult,
  ModelInfo,
  ModelStats,
  SamplingOptions,
} from '../protocol';
import type { Tokenizer } from '../tokenizer/tokenizer';
import { generate } from './generate';
import { commonPrefixLength } from './prefix';

/** Token rows of one prefill submission: enough to amortise reading the weights, short enough not to freeze a desktop. */
const PREFILL_ROWS = 128;
/** Rows of one submission when logits of every position are wanted: 32 rows of 130,000 logits are 17 MB. */
const ALL_LOGITS_ROWS = 32;

/** What a session is made of; all of it lives on `backend`. */
export interface SessionParts {
  backend: Backend;
  info: ModelInfo;
  model: MiniCpm;
  cache: LayerCache[];
  /** Tokens the cache has room for. */
  contextLength: number;
  tokenizer: Tokenizer | null;
}

/** One loaded model: weights and KV cache on a backend, recorded programs, and the tokens the cache holds. */
export class Session {
  readonly timings = { prefillTokens: 0, prefillSeconds: 0, decodeTokens: 0, decodeSeconds: 0, prefixTokensReused: 0 };
  /** Tokens whose keys and values are in the cache, by position. */
  #cached: number[] = [];
  #allLogits: Program | null = null;
  /** Calls on one session run one after another: they share the cache. */
  #queue: Promise<unknown> = Promise.resolve();
  #isDisposed = false;

  private constructor(
    private readonly parts: SessionParts,
    private readonly decodeProgram: Program,
    private readonly prefillProgram: Program,
  ) {}

  /** Records and compiles the programs of a model whose weights are on the backend. Takes ownership of the backend. */
  static async create(parts: SessionParts): Promise<Session> {
    const [decode, prefill] = await Promise.all([
      compile(parts, 1, 'last'),
      compile(parts, Math.min(PREFILL_ROWS, parts.contextLength), 'last'),
    ]);
    return new Session(parts, decode, prefill);
  }

  get info(): ModelInfo {
    return this.parts.info;
  }

  get contextLength(): number {
    return this.parts.contextLength;
  }

  get config(): ModelConfig {
    return this.parts.model.config;
  }

  get hasTokenizer(): boolean {
    return this.parts.tokenizer !== null;
  }

  /** Throws InvalidFileError where the model was imported without a tokenizer. */
  get tokenizer(): Tokenizer {
    if (this.parts.tokenizer) return this.parts.tokenizer;
    throw engineError(
      'InvalidFileError',
      `${this.info.name} was imported without tokenizer.json, so it takes token ids only`,
    );
  }

  /** Token ids of any input; checks that each is in the vocabulary. */
  tokenIdsOf(input: GenerateInput): number[] {
    if ('prompt' in input) return this.tokenizer.encode(input.prompt);
    if ('messages' in input) return this.tokenizer.encodeChat(input.messages, input.templateOptions);
    const { vocabSize } = this.config;
    const invalid = input.tokenIds.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (invalid !== undefined) throw new RangeError(`token id ${invalid} is not in the vocabulary of ${vocabSize}`);
    return input.tokenIds;
  }

  /** One forward pass over a fresh cache. */
  forward(
    input: { tokenIds: number[] } | { messages: ChatMessage[] },
    positions: 'last' | 'all',
  ): Promise<ForwardResult> {
    return this.#exclusive(async () => {
      const tokenIds = this.tokenIdsOf(input);
      const { vocabSize } = this.config;
      this.#cached = [];
      if (positions === 'last') {
        const logits = await this.prefill(tokenIds);
        return { logits, positions: 1, vocabSize, tokenIds };
      }
      const logits = await this.#logitsOfAll(tokenIds);
      return { logits, positions: tokenIds.length, vocabSize, tokenIds };
    });
  }

  generate(
    input: GenerateInput,
    options: SamplingOptions,
    onToken: (token: GeneratedToken) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    return this.#exclusive(() => generate(this, input, options, onToken, signal));
  }

  /**
   * Brings the cache to exactly `tokenIds`, computing only what does not stand there yet, and returns the logits after
   * the last one. [vocabSize]. Throws ContextFullError when they do not fit.
   */
  async prefill(tokenIds: number[], signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    this.#checkFits(tokenIds);
    this.throwIfStopped(signal);
    // The last token is always computed: its logits are wanted.
    const reused = Math.min(commonPrefixLength(this.#cached, tokenIds), tokenIds.length - 1);
    this.#cached.length = reused;
    this.timings.prefixTokensReused += reused;
    const started = performance.now();
    try {
      return await this.#prefillRest(tokenIds, signal);
    } finally {
      // A prefill that was stopped has taken its time as well.
      this.timings.prefillTokens += this.#cached.length - reused;
      this.timings.prefillSeconds += (performance.now() - started) / 1000;
    }
  }

  /** The part of `prefill` that computes: from the end of the cache to the end of `tokenIds`. */
  async #prefillRest(tokenIds: number[], signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    for (;;) {
      const position = this.#cached.length;
      const remaining = tokenIds.length - position;
      const program = remaining === 1 ? this.decodeProgram : this.prefillProgram;
      const rows = tokenIds.slice(position, position + program.capacity);
      if (rows.length === remaining) {
        const logits = await this.#logits(program, { tokenIds: rows, position }, 1);
        this.#cached.push(...rows);
        return logits;
      }
      program.submit({ tokenIds: rows, position });
      this.#cached.push(...rows);
      if (signal) {
        // Wait for the device between chunks, so that a stop is heard and work does not pile up.
        await this.parts.backend.flush();
        this.throwIfStopped(signal);
      }
    }
  }

  /** Throws AbortError where `signal` or `dispose` asks for an end. */
  throwIfStopped(signal?: AbortSignal): void {
    if (signal?.aborted || this.#isDisposed) throw engineError('AbortError', 'stopped');
  }

  /** Appends one token to the cache and returns the logits after it. [vocabSize] */
  async decode(tokenId: number): Promise<Float32Array<ArrayBuffer>> {
    const started = performance.now();
    const step = { tokenIds: [tokenId], position: this.#cached.length };
    const logits = await this.#logits(this.decodeProgram, step, 1);
    this.#cached.push(tokenId);
    this.timings.decodeTokens++;
    this.timings.decodeSeconds += (performance.now() - started) / 1000;
    return logits;
  }

  /** Tokens that still fit the context behind those cached. */
  get room(): number {
    return this.contextLength - this.#cached.length;
  }

  stats(): ModelStats {
    const { dispatches, submits, readbacks, uploadedBytes, heldBytes, objectsCreated } = this.parts.backend.counters;
    return {
      ...this.timings,
      dispatches,
      submits,
      readbacks,
      uploadedBytes,
      gpuBytes: heldBytes,
      gpuObjectsCreated: objectsCreated,
      weightBytesPerToken: this.decodeProgram.weightBytes,
      contextLength: this.contextLength,
    };
  }

  /** Ends the calls under way and waiting as a stop by the person does, then frees the device. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#queue;
    this.parts.backend.destroy();
  }

  async #logitsOfAll(tokenIds: number[]): Promise<Float32Array<ArrayBuffer>> {
    this.#checkFits(tokenIds);
    const { vocabSize } = this.config;
    this.#allLogits ??= await compile(this.parts, Math.min(ALL_LOGITS_ROWS, this.contextLength), 'all');
    const program = this.#allLogits;
    const logits = roomForLogits(tokenIds.length, vocabSize);
    for (let position = 0; position < tokenIds.length; position += program.capacity) {
      this.throwIfStopped();
      const rows = tokenIds.slice(position, position + program.capacity);
      logits.set(await this.#logits(program, { tokenIds: rows, position }, rows.length), position * vocabSize);
    }
    this.#cached = [...tokenIds];
    return logits;
  }

  #checkFits(tokenIds: number[]) {
    if (tokenIds.length === 0) throw new RangeError('the prompt is empty');
    if (tokenIds.length > this.contextLength) {
      const message = `the prompt has ${tokenIds.length} tokens, the context holds ${this.contextLength}`;
      throw engineError('ContextFullError', message);
    }
  }

  /** Rows of logits of one step, without the padding of the output. [rows, vocabSize] */
  async #logits(program: Program, step: Step, rows: number): Promise<Float32Array<ArrayBuffer>> {
    const { vocabSize } = this.config;
    const padded = await program.run(step, rows);
    const width = padded.length / rows;
    if (rows === 1) return padded.subarray(0, vocabSize);
    const logits = new Float32Array(rows * vocabSize);
    for (let row = 0; row < rows; row++) {
      logits.set(padded.subarray(row * width, row * width + vocabSize), row * vocabSize);
    }
    return logits;
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** Throws OutOfMemoryError, also where one array cannot be that long. [positions, vocabSize] */
function roomForLogits(positions: number, vocabSize: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(positions * vocabSize);
  } catch (error) {
    const message = `there is no room for the logits of ${positions} tokens (${positions * vocabSize * 4} bytes)`;
    throw engineError('OutOfMemoryError', message, error);
  }
}

function compile({ backend, model, cache }: SessionParts, capacity: number, positions: 'last' | 'all') {
  const ops = new Ops(capacity);
  return backend.compile(ops.graph(forward(ops, model, cache, positions)));
}
