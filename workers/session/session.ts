import type { ModelConfig } from '../checkpoint/modelConfig';
import { engineError } from '../errors';
import type { Program, Step } from '../ops/backend';
import { areBatchesExact } from '../ops/kernelChoice';
import type { SampledToken, Sampling, TokenLoop } from '../ops/tokenLoop';
import type { ChatMessage } from '../protocol/chat';
import type {
  ForwardResult,
  GenerateInput,
  GenerateResult,
  GeneratedToken,
  SamplingOptions,
} from '../protocol/generation';
import type { KernelReport } from '../protocol/kernels';
import type { ModelStats } from '../protocol/loading';
import type { ModelInfo } from '../protocol/model';
import type { PictureProgress } from '../protocol/pictures';
import type { Tokenizer } from '../tokenizer/tokenizer';
import { AllLogits } from './allLogits';
import { CachedTokens } from './cachedTokens';
import { ChatPictures, hasPictures } from './chatPictures';
import { FeatureStore, type PromptTile } from './featureStore';
import { chatTokenIds } from './chatTokenIds';
import { DraftCheck } from './draftCheck';
import { EncoderOnDemand, type EyesSource } from './encoderOnDemand';
import { encoderSizes } from './eyes';
import { compileForward, type ForwardParts } from './forwardProgram';
import { generate } from './generate';
import { type Finish, Prefill } from './prefill';
import { prefillCapacity } from './prefillChunks';
import { Pace } from './pace';
import { commonPrefixLength } from './prefix';
import { StateSnapshots } from './stateSnapshots';
import { forwardPromptOf, type ForwardInput, type SessionInput } from './prompt';

/** Tokens that are fed one by one before the device is waited for. */
const SUBMITTED_AT_ONCE = 8;

/** What a session is made of; all of it lives on `backend`. */
export interface SessionParts extends ForwardParts {
  info: ModelInfo;
  /** Tokens the cache has room for. */
  contextLength: number;
  tokenizer: Tokenizer | null;
  /** Of a model that takes pictures. */
  eyes: EyesSource | null;
}

/** One loaded model: weights and KV cache on a backend, recorded programs, and the tokens the cache holds. */
export class Session {
  readonly timings = {
    prefillTokens: 0,
    prefillSeconds: 0,
    decodeTokens: 0,
    decodeSeconds: 0,
    prefixTokensReused: 0,
    draftedTokens: 0,
    acceptedTokens: 0,
  };
  /** The token of the answer that was not fed yet. */
  #last = 0;
  /** When the token before it was known, by performance.now(). */
  #answering = 0;
  readonly #prompts: Prefill;
  readonly #cached: CachedTokens;
  readonly #allLogits: AllLogits;
  /**
   * Null where drafts cannot be checked: a recurrent state would have to forget those that are wrong, and a device on which
   * rows of a batch differ from single rows would change answers.
   */
  readonly drafts: DraftCheck | null;
  /** Calls on one session run one after another: they share the cache. */
  #queue: Promise<unknown> = Promise.resolve();
  #isDisposed = false;
  /** How many tokens to keep in flight, known from answer to answer. */
  readonly pace: Pace;

  private constructor(
    private readonly parts: SessionParts,
    private readonly decodeProgram: Program,
    prefillProgram: Program,
    private readonly loop: TokenLoop,
    readonly encoder: EncoderOnDemand | null,
    private readonly features: FeatureStore | null,
    states: StateSnapshots | null,
  ) {
    this.pace = new Pace(loop.mostInFlight);
    this.#cached = new CachedTokens(states);
    const { backend, model } = parts;
    const programs = { decode: decodeProgram, prefill: prefillProgram };
    const { vocabSize } = model.config;
    this.#prompts = new Prefill({ backend, ...programs, cached: this.#cached, features, vocabSize });
    this.#allLogits = new AllLogits(parts, features);
    const checksDrafts = !states && areBatchesExact(parts.backend.kernelReports);
    this.drafts = checksDrafts ? new DraftCheck(parts, loop, parts.contextLength) : null;
  }

  /** Records and compiles the programs of a model whose weights are on the backend. Takes ownership of the backend. */
  static async create(parts: SessionParts): Promise<Session> {
    const { hiddenSize, intermediateSize, numHeads, headDim } = parts.model.config;
    const bytesPerRow = 4 * 3 * (hiddenSize + Math.max(intermediateSize, numHeads * headDim));
    const features = createFeatures(parts);
    const states = StateSnapshots.create(parts.backend, parts.memory);
    const [decode, prefill] = await Promise.all([
      compileForward(parts, 1, 'last'),
      compileForward(parts, prefillCapacity(bytesPerRow, parts.contextLength), 'last', features?.rows),
    ]);
    const loop = await parts.backend.createTokenLoop(decode, prefill, parts.model.config.vocabSize);
    const encoder = parts.eyes && new EncoderOnDemand(parts.backend, parts.eyes);
    return new Session(parts, decode, prefill, loop, encoder, features, states);
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

  get kernelReports(): readonly KernelReport[] {
    return this.parts.backend.kernelReports;
  }

  get kernelChoiceMs(): number | null {
    return this.parts.backend.kernelChoiceMs;
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

  /**
   * The pictures of a conversation, to be closed after use; null where it has none. Throws UnsupportedError where the
   * model takes none, and what ChatPictures.open throws.
   */
  async openPictures(messages: readonly ChatMessage[]): Promise<ChatPictures | null> {
    if (!hasPictures(messages)) return null;
    const { vision } = this.config;
    if (vision) return ChatPictures.open(messages, vision.image, this.tokenizer);
    throw engineError('UnsupportedError', 'messages: this model reads text only, it cannot see pictures');
  }

  /**
   * The prompt with the features of its tiles in place, for `prefill` and `first`: see FeatureStore.insert.
   * Throws UnsupportedError where the model takes no pictures.
   */
  async withTiles(
    tokenIds: number[],
    tiles: readonly PromptTile[],
    signal?: AbortSignal,
    onProgress?: (progress: PictureProgress) => void,
  ): Promise<number[]> {
    if (tiles.length === 0) return tokenIds;
    const { features, encoder } = this;
    if (!features || !encoder) throw engineError('UnsupportedError', `${this.info.name} takes no pictures`);
    return features.insert(tokenIds, tiles, encoder, () => this.throwIfStopped(signal), onProgress);
  }

  /** Token ids of any input without pictures; checks that each is in the vocabulary. */
  tokenIdsOf(input: GenerateInput): number[] {
    if ('prompt' in input) return this.tokenizer.encode(input.prompt);
    if ('messages' in input) return chatTokenIds(this.tokenizer, input);
    const { vocabSize } = this.config;
    const invalid = input.tokenIds.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (invalid !== undefined) throw new RangeError(`token id ${invalid} is not in the vocabulary of ${vocabSize}`);
    return input.tokenIds;
  }

  /** One forward pass over a fresh cache. */
  forward(input: ForwardInput, positions: 'last' | 'all'): Promise<ForwardResult> {
    return this.#exclusive(async () => {
      const { tokenIds, prompt } = await forwardPromptOf(this, input);
      const { vocabSize } = this.config;
      this.#cached.clear();
      if (positions === 'last') {
        const logits = await this.prefill(prompt);
        return { logits, positions: 1, vocabSize, tokenIds };
      }
      this.checkFits(prompt);
      const logits = await this.#allLogits.compute(prompt, this.contextLength, () => this.throwIfStopped());
      this.#cached.assume(prompt);
      return { logits, positions: tokenIds.length, vocabSize, tokenIds };
    });
  }

  generate(
    input: SessionInput,
    options: SamplingOptions,
    onToken: (token: GeneratedToken) => void,
    signal: AbortSignal,
    onPictures?: (progress: PictureProgress) => void,
  ): Promise<GenerateResult> {
    return this.#exclusive(() => generate(this, input, options, onToken, signal, onPictures));
  }

  /**
   * Brings the cache to exactly `tokenIds`, computing only what does not stand there yet, and returns the logits after
   * the last one. [vocabSize]. Throws ContextFullError when they do not fit.
   */
  prefill(tokenIds: number[], signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    const { backend } = this.parts;
    const logitBytes = 4 * this.config.vocabSize;
    function* finish(program: Program, step: Step, size: () => number) {
      yield* program.parts(step, size);
      return backend.read(program.output, logitBytes).then((bytes) => new Float32Array(bytes));
    }
    return this.#prefill(tokenIds, finish, signal);
  }

  /** The same, and returns the first token of an answer. */
  async first(
    tokenIds: number[],
    sampling: Sampling,
    wantsLogits: boolean,
    signal?: AbortSignal,
  ): Promise<SampledToken> {
    // The authors of models with eyes give the generator embeddings of a prompt, so that penalties know the answer alone.
    this.loop.begin(sampling, this.features ? [] : tokenIds);
    const finish: Finish<SampledToken> = (program, step, size) => this.loop.first(program, step, wantsLogits, size);
    const token = await this.#prefill(tokenIds, finish, signal);
    this.#last = token.tokenId;
    this.#answering = performance.now();
    return token;
  }

  /**
   * Brings the cache to where an answer to `promptIds` stood behind its tokens `written`, so that `next` goes on with what
   * would have followed. The tokens pass through the check of drafts, or one by one where there is none; a prefill of them
   * would be faster, and round otherwise.
   */
  async rewrite(
    promptIds: number[],
    written: readonly number[],
    sampling: Sampling,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.prefill(promptIds, signal);
    const { drafts } = this;
    if (drafts && written.length > drafts.mostDrafted) await drafts.prepare();
    this.loop.begin(sampling, this.features ? [] : promptIds, written);
    const started = performance.now();
    const fed = written.slice(0, -1);
    const check = drafts?.isReady ? drafts : null;
    const rows = check ? check.mostDrafted + 1 : 1;
    for (let i = 0; i < fed.length; i += rows) {
      this.throwIfStopped(signal);
      const step = { tokenIds: fed.slice(i, i + rows), position: this.#cached.length };
      if (check) {
        await check.run(step);
      } else {
        this.decodeProgram.submit(step);
        if (i % SUBMITTED_AT_ONCE === 0) await this.parts.backend.flush();
      }
      this.#cached.answerSubmitted(step.tokenIds.length);
      this.#cached.push(...step.tokenIds);
    }
    this.timings.prefillTokens += fed.length;
    this.timings.prefillSeconds += (performance.now() - started) / 1000;
    this.#last = written.at(-1)!;
    this.loop.resume(this.#last, this.#cached.length);
    this.#answering = performance.now();
  }

  /** Computes the token after the one before, whether or not that one is known yet. */
  next(wantsLogits: boolean): Promise<SampledToken> {
    const token = this.loop.next(wantsLogits);
    this.#cached.answerSubmitted(1);
    return token;
  }

  /** Takes a token that `next` gave for part of the answer: the one before it is in the cache. */
  advance(tokenId: number): void {
    this.#cached.push(this.#last);
    this.#last = tokenId;
    const now = performance.now();
    this.timings.decodeTokens++;
    this.timings.decodeSeconds += (now - this.#answering) / 1000;
    this.#answering = now;
  }

  /**
   * Computes the last token and a draft of what follows it in one step, and returns the tokens that greedy decoding gives
   * behind it: as much of the draft as is right, and one more. Nothing may be in flight, and `drafts` is ready.
   */
  async check(draft: number[]): Promise<number[]> {
    const step = { tokenIds: [this.#last, ...draft], position: this.#cached.length };
    const greedy = await this.drafts!.run(step);
    const right = commonPrefixLength(draft, greedy);
    const tokens = greedy.slice(0, right + 1);
    for (const tokenId of tokens) this.advance(tokenId);
    // At the end of the context nothing goes on.
    if (this.#cached.length < this.contextLength) this.loop.resume(this.#last, this.#cached.length);
    this.timings.draftedTokens += draft.length;
    this.timings.acceptedTokens += right;
    return tokens;
  }

  /** For measurements: takes what lies in the cache, whatever it is, for the keys and values of `tokenIds`. */
  assumeCached(tokenIds: readonly number[]): void {
    this.#cached.assume(tokenIds);
  }

  /** Throws AbortError where `signal` or `dispose` asks for an end. */
  throwIfStopped(signal?: AbortSignal): void {
    if (signal?.aborted || this.#isDisposed) throw engineError('AbortError', 'stopped');
  }

  stats(): ModelStats {
    const { dispatches, submits, readbacks, uploadedBytes, heldBytes, objectsCreated } = this.parts.backend.counters;
    return {
      ...this.timings,
      ...(this.features?.counters ?? NO_TILES),
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
    this.encoder?.release();
    this.parts.backend.destroy();
  }

  /** Computes what of `tokenIds` is not in the cache, its last step by `finish`. */
  async #prefill<T>(tokenIds: number[], finish: Finish<T>, signal?: AbortSignal): Promise<T> {
    this.checkFits(tokenIds);
    this.throwIfStopped(signal);
    const reused = this.#cached.keepPrefixOf(tokenIds);
    this.timings.prefixTokensReused += reused;
    const started = performance.now();
    try {
      return await this.#prompts.run(tokenIds, finish, () => this.throwIfStopped(signal));
    } finally {
      // A prefill that was stopped has taken its time as well.
      this.timings.prefillTokens += this.#cached.length - reused;
      this.timings.prefillSeconds += (performance.now() - started) / 1000;
    }
  }

  /** Throws ContextFullError for tokens that the context does not hold, and RangeError for none. */
  checkFits(tokenIds: number[]): void {
    if (tokenIds.length === 0) throw new RangeError('the prompt is empty');
    if (tokenIds.at(-1)! >= this.config.vocabSize) throw new RangeError('the prompt ends in a picture');
    if (tokenIds.length > this.contextLength) {
      const message = `the prompt has ${tokenIds.length} tokens, the context holds ${this.contextLength}`;
      throw engineError('ContextFullError', message);
    }
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** Of a model that takes no pictures. */
const NO_TILES: FeatureStore['counters'] = { tilesEncoded: 0, tilesReused: 0, encodeSeconds: 0 };

function createFeatures({ backend, model, contextLength, eyes }: SessionParts): FeatureStore | null {
  if (!eyes) return null;
  const sizes = encoderSizes(eyes.config, eyes.width);
  return FeatureStore.create(backend, model.config.vocabSize, contextLength, sizes);
}
