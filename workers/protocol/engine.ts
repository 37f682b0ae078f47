import type { BenchmarkProgress, BenchmarkReport, BenchmarkRequest } from './benchmark';
import type { ChatMessage } from './chat';
import type { Diagnostics } from './diagnostics';
import type { ForwardResult, GenerateInput, GenerateResult, GeneratedToken, SamplingOptions } from './generation';
import type { UnfinishedImport } from './importing';
import type { KernelVariant } from './kernels';
import type { LoadRequest, ModelStats } from './loading';
import type { ModelInfo } from './model';
import type { PictureInspection, PictureProgress } from './pictures';
import type { Progress } from './progress';

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
   * that it has a form for; loading rejects with UnsupportedError where there is no WebGPU, the device lacks its features or
   * it computes wrong. The CPU backend, asked for by name, has no variants.
   */
  kernels?: 'auto' | KernelVariant;
  /** For evaluation: false computes every operation of a model in a dispatch of its own. Default true. */
  fusion?: boolean;
}

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
