import type { Diagnostics } from './diagnostics';
import type { KernelReport } from './kernels';
import type { KvCacheFormat } from './loading';

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
  /** What the cache held. */
  kvCache: KvCacheFormat;
  /** Making weights and programs. */
  setupSeconds: number;
  /** The kernels that ran, and those that did not. */
  kernels: KernelReport[];
  /** Milliseconds that choosing them takes in the first load; null on the CPU. */
  kernelChoiceMs: number | null;
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
