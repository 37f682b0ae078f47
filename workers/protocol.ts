/** The contract between the page and the worker: types only, no runtime, no imports. */

/**
 * How products of activations and packed weights are computed: in f32, in f16, with activations rounded to int8, in f32
 * with activations shared inside subgroups, or by the matrix units that Chromium exposes as subgroup matrices.
 */
export type KernelVariant = 'f32' | 'f16' | 'int8' | 'subgroups' | 'subgroup-matrix';

export interface EngineOptions {
  /** IndexedDB database for weights. Default: the app's own. */
  database?: string;
  /** 'max' asks the adapter for all it has; 'default' requests no limit above the WebGPU defaults. */
  limits?: 'max' | 'default';
  /** Optional WebGPU features and WGSL language features that may be used; [] forces the plainest path. */
  features?: 'all' | string[];
  /** 'auto' takes WebGPU where there is an adapter, else the CPU. */
  backend?: 'auto' | 'webgpu' | 'cpu';
  /**
   * 'auto' takes what a short measurement finds fastest and a self-test finds right. A variant's name forces it, for weights
   * that it has a form for; loading rejects with UnsupportedError where the device lacks its features or it computes wrong.
   */
  kernels?: 'auto' | KernelVariant;
  /** For evaluation: false computes every operation of a model in a dispatch of its own. Default true. */
  fusion?: boolean;
}

export type Quantization = 'auto' | 'int4' | 'int8' | 'f16' | 'f32';

export type ModelSource =
  | { kind: 'files'; files: File[] }
  | { kind: 'url'; urls: string[] }
  | {
      kind: 'hub';
      repo: string;
      /** Branch, tag or commit. Default: the hub's main branch. Whatever it is, it is pinned to a commit at import. */
      revision?: string;
      files?: string[];
      /** Where the repository is. Default: Hugging Face. Of several hubs, the first to answer is taken. */
      hub?: string | Hub | (string | Hub)[];
    }
  | { kind: 'bundled'; name: string };

/** A site of repositories. A plain string in its place is its `url`. */
export interface Hub {
  /** Base URL, such as https://huggingface.co, https://hf-mirror.com or https://modelscope.cn. */
  url: string;
  /** The shape of its URLs. Default: ModelScope's at its own addresses, Hugging Face's everywhere else. */
  shape?: 'hugging-face' | 'modelscope';
  /** The repository's name on this hub, where it has another one there. */
  repo?: string;
  /** For repositories that need one. Sent to the origin of `url` alone, and kept nowhere. */
  token?: string;
}

/** How bytes are fetched and stored. The defaults suit every connection; tests make them small. */
export interface TransferOptions {
  /** The largest stored chunk, in bytes. Default: 8 MiB. */
  chunkBytes?: number;
  /** The most requests at once. Default: 6, of which as many are made as speed the transfer up. */
  connections?: number;
  /** A server that sends nothing for so long has stalled, and is asked anew. Default: 30. */
  stallSeconds?: number;
  /** The wait after a failure, twice as long after each further one. Default: 0.5. */
  retrySeconds?: number;
  /** Failures without one byte in between after which a transfer is given up. Default: 7. */
  attempts?: number;
}

/** Phases in order; the page translates them. */
export type ProgressPhase = 'reading' | 'importing' | 'verifying' | 'loading' | 'compiling';

export interface Progress {
  phase: ProgressPhase;
  loadedBytes: number;
  totalBytes: number;
  etaSeconds?: number;
  /** Of an import, once it is known: the id that the model will have. */
  modelId?: string;
  /** True where the import of another tab is followed. */
  isElsewhere?: boolean;
}

export interface ImportRequest {
  /** Default: the app's own. */
  database: string | undefined;
  /** Without one, the unfinished import of `id` goes on. */
  source: ModelSource | undefined;
  id: string | undefined;
  quantization: Quantization;
  /** For the only hub of a source, where it has no token of its own. */
  token?: string | undefined;
  transfer?: TransferOptions | undefined;
}

export interface RepairRequest {
  /** Default: the app's own. */
  database: string | undefined;
  id: string;
  /** Default: where the model was imported from. Local files are forgotten, and must be given again. */
  source?: ModelSource | undefined;
  token?: string | undefined;
  transfer?: TransferOptions | undefined;
}

/** An import that was paused or broken off; importing its source again goes on from here. */
export interface UnfinishedImport {
  /** The id that the model will have. */
  id: string;
  name: string;
  source: SourceInfo;
  quantization: Quantization;
  /** Bytes of the source whose chunks are stored. */
  loadedBytes: number;
  /** Bytes of the source that are needed. */
  totalBytes: number;
  /** Bytes that its chunks take in the database. */
  storedBytes: number;
  /** Whether it goes on at the moment, here or in another tab. */
  isUnderWay: boolean;
  /** When something was stored last, in milliseconds since 1970. */
  updatedAt: number;
}

export type KvCacheFormat = 'f32' | 'f16' | 'int8';

export interface LoadRequest {
  /**
   * Tokens the KV cache has room for. Default: the longest context of the checkpoint, but 4096 at most. More than the
   * checkpoint was made for is taken as that: `Model.stats` says what became of it.
   */
  contextLength?: number;
  kvCache?: 'auto' | KvCacheFormat;
  /**
   * Of a model that sees: 'keep' loads the weights of its eyes with the others; 'release' brings them from storage with the
   * first picture and frees them half a minute behind the last one. Default: 'auto', which releases heavy eyes on devices
   * that are held in the hand or have little memory. Programs for pictures are made with the first one either way.
   */
  eyes?: 'auto' | 'keep' | 'release';
  /**
   * Of MiniCPM-V 4.6: how many patches of a picture become a token. '4x' sees finer detail, for four times the tokens.
   * Loading rejects with UnsupportedError where the model has no such mode. Default: 'auto', as the checkpoint says.
   */
  downsampling?: 'auto' | '16x' | '4x';
  /**
   * 'exclusive' rejects with ModelInUseError where the model is loaded already, here or in another tab, and keeps others
   * from loading it. Default: 'shared', which only an exclusive load is in the way of.
   */
  sharing?: 'shared' | 'exclusive';
}

export interface SamplingDefaults {
  /** Longest answer in tokens; null where the authors set none. */
  maxTokens: number | null;
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  repetitionPenalty: number;
}

/** What was imported from where; `location` is a file name, URL or repository. */
export interface SourceInfo {
  kind: ModelSource['kind'];
  location: string;
  /** The commit, where the hub tells it; else the revision that was asked for. */
  revision?: string;
  /** The revision that was asked for, where that was not the commit itself. */
  branch?: string;
  /** Of a hub: what names it in a ModelSource, without its token. */
  hub?: Hub;
  /** Of a hub: the files that were asked for. */
  files?: string[];
  /** The addresses, without queries: those may hold secrets. */
  urls?: string[];
  /**
   * True where every file of weights had the SHA-256 that the hub states; false where it states none, or where a part of
   * a file was not needed and never fetched.
   */
  isVerified?: boolean;
}

/** What the chat template of a model does with the variable `enable_thinking`. */
export interface ThinkingSupport {
  /** Whether the variable changes the prompt; else the model always thinks. */
  canSwitch: boolean;
  /** Whether the prompt ends in `<think>`, so that an answer begins inside a thought: with the variable true, and false. */
  opensWith: boolean;
  opensWithout: boolean;
}

export interface ModelInfo {
  id: string;
  name: string;
  family: string;
  architecture: string;
  parameters: number;
  /** Bytes stored, packed. */
  bytes: number;
  quantization: Quantization;
  vocabSize: number;
  /** The longest context the checkpoint was made for, in tokens. */
  contextLength: number;
  vision: boolean;
  /** Of a model made for so many pictures in a conversation; without it, as many as the context holds. */
  mostPictures?: number;
  source: SourceInfo;
  licence: string | null;
  /** False where the source came without a tokenizer: token ids in, token ids out. */
  hasTokenizer: boolean;
  /** Null where its chat template knows nothing of thoughts. */
  thinking: ThinkingSupport | null;
  sampling: SamplingDefaults;
  importedAt: number;
  /** When it was loaded last; null where it never was. */
  lastUsedAt: number | null;
}

export interface TextPart {
  type: 'text';
  text: string;
}
export interface ImagePart {
  type: 'image_url';
  image_url: {
    /** A data: or blob: address: nothing is fetched from a server. */
    url: string;
    /** 'low': the picture as a whole, for the fewest tokens. Default: 'auto', which is 'high'. */
    detail?: 'auto' | 'low' | 'high';
    /** The most slices, where they are to be fewer than the model takes; 1 means the picture as a whole. See PicturePlan. */
    max_slices?: number;
  };
}
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string | (TextPart | ImagePart)[];
  /** What an answer of the assistant was thought about; an answer without content goes on inside its thought. */
  reasoning_content?: string;
}

/** OpenAI's field names, because API.md promises that shape. Unset fields take the model's defaults. */
export interface SamplingOptions {
  max_tokens?: number;
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  presence_penalty?: number;
  frequency_penalty?: number;
  repetition_penalty?: number;
  seed?: number;
  stop?: string | string[];
  logprobs?: boolean;
  top_logprobs?: number;
  /** Greedy answers guess tokens from the text before and check several at once; the tokens are the same. Default true. */
  prompt_lookup?: boolean;
  /**
   * What the answer may well be, such as a text of which it changes a few words: greedy answers take their guesses from it as
   * from the text before, where prompt_lookup is on. Ids stand for the tokens themselves.
   */
  prediction?: { type: 'content'; content: string | number[] };
  /** For evaluation: how many tokens may be computed ahead of the last one known. Default: as many as keep the GPU busy. */
  tokens_in_flight?: number;
  /** For evaluation: end-of-sequence tokens do not stop generation. */
  ignore_eos?: boolean;
}

/** One way of cutting a picture for a model. */
export interface PicturePlan {
  /** The lowest `max_slices` that asks for it. */
  maxSlices: number;
  /** The grid of slices, which divides the picture evenly; 1 × 1 where it is only looked at as a whole. */
  columns: number;
  rows: number;
  /** What the vision tower computes: the picture as a whole, and each slice. */
  tiles: number;
  /** Tokens of a prompt that the picture takes, its tags among them. */
  tokens: number;
}

/** What a model would make of a picture. */
export interface PictureInspection {
  /** MIME type, by what is in the file. */
  type: string;
  /** Upright, in pixels. */
  width: number;
  height: number;
  /** From the fewest tokens to the most, which is what is done unless a message asks for less. */
  plans: PicturePlan[];
  /** As measured since the model was loaded; null before it has looked at anything. */
  secondsPerTile: number | null;
}

/** How far the vision tower is with what of a prompt's pictures it has not seen before. */
export interface PictureProgress {
  tilesDone: number;
  tilesTotal: number;
}

export interface TokenLogprob {
  tokenId: number;
  token: string;
  logprob: number;
}

/** One generated token. `text` may be empty while a multi-byte character is incomplete. */
export interface GeneratedToken {
  tokenId: number;
  text: string;
  logprob?: number;
  topLogprobs?: TokenLogprob[];
}

/** What becomes of a conversation that the context has no room for: it is refused, or its oldest turns are left out. */
export type ContextOverflow = 'stop' | 'drop_oldest';

export interface ChatInput {
  messages: ChatMessage[];
  templateOptions?: Record<string, unknown>;
  /** Default: 'stop'. */
  contextOverflow?: ContextOverflow;
  /** True where the last message is an answer that is to be written on. */
  continueFinalMessage?: boolean;
}

/** What an answer is written behind. */
export type GenerateInput = ({ tokenIds: number[] } | { prompt: string } | ChatInput) & {
  /**
   * The first tokens of the answer, where it was broken off behind them: what follows is what would have followed. They
   * count as part of the answer, and their text is not given again.
   */
  writtenTokenIds?: number[];
};

export interface GenerateResult {
  finishReason: 'stop' | 'length' | 'aborted';
  promptTokens: number;
  completionTokens: number;
  /** Prompt tokens whose keys and values were already in the cache. */
  cachedTokens: number;
  /** Messages at the beginning of the conversation that were left out because the context had no room for them. */
  droppedMessages: number;
  /** True where the answer ended, with 'length', because the context was full. */
  contextFull: boolean;
  /** From the call to the first token of the answer, waiting for other calls excluded; null where none came. */
  firstTokenSeconds: number | null;
  prefillSeconds: number;
  decodeSeconds: number;
  /** Where the prompt shows pictures. */
  pictures?: PictureCounts;
}

/**
 * Tiles of the pictures of a prompt: those the vision tower computed, those known already, and the time it took, that of
 * bringing its weights and making its programs left out.
 */
export interface PictureCounts {
  tilesEncoded: number;
  tilesReused: number;
  encodeSeconds: number;
}

export interface ForwardResult {
  /** [positions, vocabSize], row-major. */
  logits: Float32Array<ArrayBuffer>;
  positions: number;
  vocabSize: number;
  tokenIds: number[];
}

export interface ModelStats {
  prefillTokens: number;
  prefillSeconds: number;
  decodeTokens: number;
  decodeSeconds: number;
  dispatches: number;
  submits: number;
  readbacks: number;
  uploadedBytes: number;
  gpuBytes: number;
  /** Buffers, bind groups and pipelines made since load. */
  gpuObjectsCreated: number;
  weightBytesPerToken: number;
  /** Tokens the KV cache has room for: prompt and answer together. */
  contextLength: number;
  prefixTokensReused: number;
  /** Parts of pictures that the vision tower computed, those whose features were there already, and the time it took. */
  tilesEncoded: number;
  tilesReused: number;
  encodeSeconds: number;
  /** Tokens that prompt-lookup decoding guessed, and those of them that were right. */
  draftedTokens: number;
  acceptedTokens: number;
}

export interface Diagnostics {
  backend: 'webgpu' | 'cpu';
  /** Why there is no WebGPU, where there is none. */
  unavailable: 'no-webgpu' | 'no-adapter' | 'device-failed' | null;
  adapter: { vendor: string; architecture: string; device: string; description: string } | null;
  /** True for SwiftShader and the like: WebGPU on the processor. */
  isSoftwareAdapter: boolean;
  features: string[];
  wgslFeatures: string[];
  limits: Record<string, number>;
  /** navigator.deviceMemory in GiB where the browser tells. */
  deviceMemoryGiB: number | null;
  /** `isPersistent`: whether the browser has promised not to clear it when space runs short. */
  storage: { usedBytes: number; quotaBytes: number; isPersistent: boolean } | null;
  /** Of the model loaded last; before that, what is remembered of this device or can be told without trying. */
  kernels: KernelReport[];
}

/** Products of packed weights with 1 to 8 activation rows, as decoding takes them, and with more, as reading a prompt does. */
export type ProductClass = 'matvec' | 'matmul';

/**
 * Why a kernel variant is not used. Of a failed trial, `names` is what the driver said or how wrong the result was, in
 * English.
 */
export type KernelReasonCode =
  | 'missing-features'
  | 'no-form'
  | 'software-adapter'
  | 'less-exact'
  | 'slower'
  | 'hardly-faster'
  | 'not-asked-for'
  | 'too-large'
  | 'device-lost'
  | 'untried'
  | 'failed-trial';

/** A kernel variant on this device. */
export interface KernelReport {
  /** Products and variant, as in 'matvec f16'; on the CPU, where there are no variants, what computes. */
  name: string;
  products?: ProductClass;
  variant?: KernelVariant;
  /**
   * 'active': computes; 'available': would, but another is preferred; 'refused': not tried; 'failed': does not compile, or
   * computes wrong.
   */
  state: 'active' | 'available' | 'refused' | 'failed';
  /** Plain English; always there for 'refused' and 'failed'. */
  reason?: string;
  /** The same for pages in other languages. */
  because?: { code: KernelReasonCode; /** What the sentence is about. */ names: string };
  /** Time of one product of the model's largest layer matrix, or of a part of it, where that was measured. */
  microseconds?: number;
}

/** The models whose sizes a benchmark takes; their weights are made up on the spot, since speed does not depend on them. */
export type BenchmarkShapeName = 'nano' | '0.3B' | '1B' | '2B';

export interface BenchmarkRequest {
  shapes: BenchmarkShapeName[];
  /** Prompt lengths in tokens. */
  prefill: number[];
  /** Tokens that are in the cache while answers are written. */
  decode: number[];
  /** What one case may take; where it would take longer, it is not measured. */
  secondsPerCase: number;
  /** Encodes a tile of a picture, too, with so many layers of the tower, which has 26. Left out: no tile. */
  eyes?: { layers: number };
}

/** Reading a prompt of `tokens` tokens, or writing behind `tokens` tokens. */
export interface BenchmarkCase {
  kind: 'prefill' | 'decode';
  tokens: number;
  result: BenchmarkFigures | BenchmarkOmission;
}

/** Medians over `repeats`. Per token means: of the prompt, or written. */
export interface BenchmarkFigures {
  state: 'measured';
  tokensPerSecond: number;
  /** Slowest minus fastest repeat, over the median. */
  spread: number;
  repeats: number;
  /** From the call to the first token. */
  firstTokenSeconds: number;
  /** Weights and cache that a written token reads, times tokens per second; null for prefill, which shares them. */
  gigabytesPerSecond: number | null;
  /** Of the copy bandwidth measured on this device. */
  shareOfBandwidth: number | null;
  gigaflops: number;
  /** Of the f32 multiply-add rate measured on this device; more than 1 where a kernel computes in smaller numbers. */
  shareOfPeak: number | null;
  dispatchesPerToken: number;
  submitsPerToken: number;
  readbacksPerToken: number;
  uploadedBytesPerToken: number;
}

/** Why there are no figures; `detail` is plain English. */
export interface BenchmarkOmission {
  state: 'out-of-memory' | 'too-slow' | 'stopped' | 'failed';
  detail: string;
}

export interface BenchmarkShapeReport {
  shape: BenchmarkShapeName;
  /** The model that has these sizes. */
  model: string;
  parameters: number;
  /** Bytes that one written token reads of the weights; 0 where no program could be made. */
  weightBytesPerToken: number;
  /** Memory held by weights, cache and activations. */
  gpuBytes: number;
  /** Tokens the cache had room for. */
  contextLength: number;
  /** Making weights and programs. */
  setupSeconds: number;
  /** The kernels that ran, and those that did not. */
  kernels: KernelReport[];
  cases: BenchmarkCase[];
}

/** A tile of 448 × 448 through a vision tower and a resampler of 64 queries. */
export interface BenchmarkEyesReport {
  /** The model that has these sizes. */
  model: string;
  /** Layers of the tower that were measured, and those that the model has. */
  layers: number;
  allLayers: number;
  patches: number;
  weightBytes: number;
  /** Memory that programs for pictures hold besides. */
  programBytes: number;
  /** Making weights and programs. */
  setupSeconds: number;
  result: BenchmarkEyesFigures | BenchmarkOmission;
}

/** Medians over `repeats`. */
export interface BenchmarkEyesFigures {
  state: 'measured';
  secondsPerTile: number;
  /** With all layers, by the operations that they take more; where all were measured, as measured. */
  secondsWithAllLayers: number;
  /** Slowest minus fastest repeat, over the median. */
  spread: number;
  repeats: number;
  dispatches: number;
  submits: number;
  gigaflops: number;
  /** Of the multiply-add rate measured on this device. */
  shareOfPeak: number | null;
}

export interface BenchmarkReport {
  /** ISO 8601. */
  measuredAt: string;
  diagnostics: Diagnostics;
  /** Bytes read plus bytes written by a copy kernel; null on the CPU. */
  copyGigabytesPerSecond: number | null;
  /** f32 multiplications and additions of a multiply-add kernel; null on the CPU. */
  peakGigaflops: number | null;
  shapes: BenchmarkShapeReport[];
  /** Where it was asked for. */
  eyes?: BenchmarkEyesReport;
}

export interface BenchmarkProgress {
  /** What is being done now, for which shape and case. */
  phase: 'device' | 'setup' | 'case' | 'eyes';
  shape: BenchmarkShapeName | null;
  case: Pick<BenchmarkCase, 'kind' | 'tokens'> | null;
  /** Steps behind and steps in all. */
  done: number;
  total: number;
  /** All that is known so far. */
  report: BenchmarkReport;
}

/** What a worker posts, beside its answers, once it holds the lock of its own name: see lifeline.ts. */
export type LifelineMessage = 'lifeline held';

/** Served by engine.worker.ts. Long calls take a `callId` that `abort` names. */
export interface EngineApi {
  initialize(options: EngineOptions): Promise<void>;
  diagnostics(): Promise<Diagnostics>;
  listModels(): Promise<ModelInfo[]>;
  verifyModel(
    id: string,
    callId: number,
    onProgress: (progress: Progress) => void,
  ): Promise<{ ok: boolean; badChunks: string[] }>;
  /** Throws ModelInUseError while the model is loaded, here or in another tab. */
  removeModel(id: string): Promise<void>;
  listImports(): Promise<UnfinishedImport[]>;
  discardImport(id: string): Promise<void>;
  /** Resolves to a handle for the calls below. */
  load(
    id: string,
    request: LoadRequest,
    callId: number,
    onProgress: (progress: Progress) => void,
  ): Promise<{ handle: number; info: ModelInfo }>;
  tokenize(handle: number, text: string, options: { addSpecialTokens?: boolean }): Promise<number[]>;
  detokenize(handle: number, tokenIds: number[], options: { skipSpecialTokens?: boolean }): Promise<string>;
  applyChatTemplate(handle: number, messages: ChatMessage[], options: Record<string, unknown>): Promise<string>;
  forward(
    handle: number,
    input: { tokenIds: number[] } | { messages: ChatMessage[] },
    options: { positions?: 'last' | 'all' },
  ): Promise<ForwardResult>;
  generate(
    handle: number,
    input: GenerateInput,
    options: SamplingOptions,
    callId: number,
    onToken: (token: GeneratedToken) => void,
    onPictures: (progress: PictureProgress) => void,
  ): Promise<GenerateResult>;
  inspectPicture(handle: number, picture: Blob): Promise<PictureInspection>;
  /** An abort ends it with what was measured until then. */
  benchmark(
    request: BenchmarkRequest,
    callId: number,
    onProgress: (progress: BenchmarkProgress) => void,
  ): Promise<BenchmarkReport>;
  abort(callId: number): Promise<void>;
  stats(handle: number): Promise<ModelStats>;
  unload(handle: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Served by import.worker.ts. Cancelled by terminating the worker: the manifest is written last. */
export interface ImporterApi {
  importModel(request: ImportRequest, onProgress: (progress: Progress) => void): Promise<ModelInfo>;
  /** Resolves to the names of what was damaged and is whole again. */
  repairModel(request: RepairRequest, onProgress: (progress: Progress) => void): Promise<string[]>;
}
