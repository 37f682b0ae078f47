import type { Activation } from '../kernels/bias/bias';
import type { Gating } from '../kernels/gateHeads/gateHeads';
import { latentHeadDim, type LatentHeads } from '../kernels/shared/latentHeads';
import type { KvCacheFormat } from '../protocol/loading';
import type { MatrixFormat } from '../quant/layout';
import { BLOCK_COLUMNS, paddedWidth } from '../quant/layout';

/** Memory on whatever computes: a GPUBuffer or plain bytes. Made by a Backend, understood by that Backend alone. */
export interface DeviceBuffer {
  readonly byteLength: number;
  destroy(): void;
}

/** A packed matrix in device memory, in shards of whole row tiles (see quant/layout.ts). */
export interface Matrix {
  format: MatrixFormat;
  rows: number;
  columns: number;
  shards: { rowStart: number; rows: number; buffer: DeviceBuffer }[];
}

/** Bytes that the size of a buffer is a multiple of: a vector that ends inside a block is followed by zeros. */
export const BUFFER_UNIT = 4 * BLOCK_COLUMNS;

/** A plain f32 vector in device memory, padded with zeros to whole blocks. */
export interface Vector {
  length: number;
  buffer: DeviceBuffer;
}

/** cos and sin of every position: f32 [positions, headDim / 2, 2]. */
export interface RopeTable {
  positions: number;
  /** Channels of a head that rotate. */
  headDim: number;
  buffer: DeviceBuffer;
}

/** Keys and values of one layer. Sizes and layout: kernels/shared/kvCache. */
export interface LayerCache {
  format: KvCacheFormat;
  capacity: number;
  numKvHeads: number;
  headDim: number;
  keys: DeviceBuffer;
  values: DeviceBuffer;
}

/** What a layer remembers of all tokens so far, of a fixed size: see kernels/deltaRule and kernels/shortConvolution. */
export interface RecurrentState {
  numKeyHeads: number;
  numValueHeads: number;
  keyHeadDim: number;
  valueHeadDim: number;
  /** Tokens that the convolution sees. */
  taps: number;
  /** [value heads, channels of a key, channels of a value] */
  memory: DeviceBuffer;
  /** [taps − 1, channels of queries, keys and values] */
  recent: DeviceBuffer;
}

/** What a decoder layer keeps from step to step. */
export type LayerMemory = LayerCache | RecurrentState;

/** Where heads lie in the columns of an activation: the first from `start` on, each `stride` behind the one before. */
export interface HeadLayout {
  numHeads: number;
  headDim: number;
  start: number;
  stride: number;
}

/** Rows that take the place of embedding rows, f32 [rows, width of the embedding]: the features of pictures. */
export interface FeatureRows {
  rows: number;
  buffer: DeviceBuffer;
}

/** An activation, f32 [rows, width] with rows ≤ the graph's capacity; width is padded to whole blocks with zeros. */
export interface Tensor {
  readonly id: number;
  /** Rows allocated: the graph's capacity, or 1. */
  readonly rows: number;
  /** Row stride in floats. */
  readonly width: number;
  /** Where an input of the graph lies; all others lie where the backend puts them. */
  readonly memory?: DeviceBuffer;
}

/**
 * What a forward pass is made of. Every op reads `step` (position of the first row, number of rows in use) and the
 * step's token ids from device memory, so that a recorded graph is replayed unchanged for every token.
 */
export type Op =
  | { kind: 'embedding'; table: Matrix; scale: number; features: FeatureRows | null; out: Tensor }
  | { kind: 'mixRows'; mix: Tensor; table: Matrix; out: Tensor }
  | { kind: 'layerNorm'; x: Tensor; weight: Vector; bias: Vector; eps: number; out: Tensor }
  | { kind: 'bias'; x: Tensor; bias: Vector; activation: Activation; out: Tensor }
  | {
      kind: 'fullAttention';
      q: Tensor;
      cache: LayerCache;
      numHeads: number;
      scale: number;
      seen: 'step' | 'before';
      out: Tensor;
    }
  | { kind: 'rmsNorm'; x: Tensor; weight: Vector; eps: number; out: Tensor }
  | { kind: 'linear'; x: Tensor; weight: Matrix; out: Tensor }
  | { kind: 'headNorm'; x: Tensor; weight: Vector; eps: number; heads: HeadLayout; out: Tensor }
  | { kind: 'gateHeads'; x: Tensor; gate: Tensor; gating: Gating; heads: HeadLayout; out: Tensor }
  | { kind: 'latentQueries'; q: Tensor; kvB: Matrix; heads: LatentHeads; out: Tensor }
  | { kind: 'latentKey'; x: Tensor; weight: Vector; eps: number; heads: LatentHeads; out: Tensor }
  | { kind: 'latentValues'; attended: Tensor; kvB: Matrix; heads: LatentHeads; out: Tensor }
  | { kind: 'shortConvolution'; x: Tensor; weight: Vector; state: RecurrentState; out: Tensor }
  | {
      kind: 'deltaRule';
      qkv: Tensor;
      decay: Tensor;
      beta: Tensor;
      decayRate: Vector;
      decayBias: Vector;
      state: RecurrentState;
      out: Tensor;
    }
  | { kind: 'stackRows'; x: Tensor; count: number; columns: number; out: Tensor }
  | { kind: 'averageRows'; x: Tensor; count: number; out: Tensor }
  | {
      kind: 'windowAttention';
      q: Tensor;
      k: Tensor;
      v: Tensor;
      numHeads: number;
      headDim: number;
      scale: number;
      out: Tensor;
    }
  | { kind: 'rope'; x: Tensor; table: RopeTable; numHeads: number; headDim: number; out: Tensor }
  | { kind: 'kvAppend'; k: Tensor; v: Tensor; cache: LayerCache }
  | { kind: 'attention'; q: Tensor; cache: LayerCache; numHeads: number; scale: number; out: Tensor }
  | { kind: 'add'; residual: Tensor; branch: Tensor; scale: number; out: Tensor }
  | { kind: 'swiglu'; gate: Tensor; up: Tensor; out: Tensor }
  | { kind: 'scale'; x: Tensor; factor: number; out: Tensor }
  | { kind: 'lastRow'; x: Tensor; out: Tensor };

export interface Graph {
  /** Most token rows one run may carry. */
  capacity: number;
  ops: readonly Op[];
  output: Tensor;
}

/** The vocabulary a model file is written in. Each method records one Op and returns its result. */
export class Ops {
  readonly #recorded: Op[] = [];
  #nextId = 0;

  constructor(readonly capacity: number) {}

  /** Bytes of an activation of so many columns. */
  bytesOf(columns: number): number {
    return this.capacity * paddedWidth(columns) * 4;
  }

  /**
   * Activations that stand in `buffer` before a step, `perRow` rows of them for each row of the step.
   * [perRow · rows, columns], rows padded to whole blocks with zeros
   */
  input(buffer: DeviceBuffer, columns: number, perRow = 1): Tensor {
    return { ...this.#tensor(perRow * this.capacity, columns), memory: buffer };
  }

  /**
   * Rows of `table` picked by the step's token ids, times `scale`. Ids from table.rows on pick rows of `features`, which
   * are not scaled. [rows, table.columns]
   */
  embedding(table: Matrix, scale: number, features: FeatureRows | null = null): Tensor {
    return this.#record({ kind: 'embedding', table, scale, features, out: this.#tensor(this.capacity, table.columns) });
  }

  /** mix · table: sums of a table's rows. mix [rows, table.rows], result [rows, table.columns] */
  mixRows(mix: Tensor, table: Matrix): Tensor {
    return this.#record({ kind: 'mixRows', mix, table, out: this.#tensor(mix.rows, table.columns) });
  }

  /** (x − mean(x)) / √(variance(x) + eps) · weight + bias, over weight.length. [rows, weight.length] */
  layerNorm(x: Tensor, weight: Vector, bias: Vector, eps: number): Tensor {
    return this.#record({ kind: 'layerNorm', x, weight, bias, eps, out: this.#tensor(x.rows, weight.length) });
  }

  /** activation(x + bias); the activation leaves zero at zero. */
  bias(x: Tensor, bias: Vector, activation: Activation = 'none'): Tensor {
    return this.#record({ kind: 'bias', x, bias, activation, out: this.#tensor(x.rows, bias.length) });
  }

  /** x / √(mean(x²) + eps) · weight, the mean over weight.length. [rows, weight.length] */
  rmsNorm(x: Tensor, weight: Vector, eps: number): Tensor {
    return this.#record({ kind: 'rmsNorm', x, weight, eps, out: this.#tensor(x.rows, weight.length) });
  }

  /** x · weightᵀ. [rows, weight.rows] */
  linear(x: Tensor, weight: Matrix): Tensor {
    return this.#record({ kind: 'linear', x, weight, out: this.#tensor(x.rows, weight.rows) });
  }

  /** The same for each head, with one weight for all: [rows, numHeads · headDim], heads side by side. */
  headNorm(x: Tensor, weight: Vector, eps: number, heads: HeadLayout): Tensor {
    const out = this.#tensor(x.rows, heads.numHeads * heads.headDim);
    return this.#record({ kind: 'headNorm', x, weight, eps, heads, out });
  }

  /** Heads of x, side by side, times σ(g), for 'silu' times g · σ(g), of gates g that lie in `gate` as `heads` says. */
  gateHeads(x: Tensor, gate: Tensor, gating: Gating, heads: HeadLayout): Tensor {
    return this.#record({ kind: 'gateHeads', x, gate, gating, heads, out: this.#tensor(x.rows, x.width) });
  }

  /** Queries {contentDim | ropeDim} of heads side by side, for the latent instead of keys: heads {ropeDim | rank}. */
  latentQueries(q: Tensor, kvB: Matrix, heads: LatentHeads): Tensor {
    const out = this.#tensor(q.rows, heads.numHeads * latentHeadDim(heads));
    return this.#record({ kind: 'latentQueries', q, kvB, heads, out });
  }

  /** The key of all heads before RoPE, {ropeDim | rank} of {rank | ropeDim}: the latent, of `rank` channels, is normed. */
  latentKey(x: Tensor, weight: Vector, eps: number, heads: LatentHeads): Tensor {
    return this.#record({ kind: 'latentKey', x, weight, eps, heads, out: this.#tensor(x.rows, latentHeadDim(heads)) });
  }

  /** Values of heads that have attended to latents. [rows, numHeads · valueDim] */
  latentValues(attended: Tensor, kvB: Matrix, heads: LatentHeads): Tensor {
    const out = this.#tensor(attended.rows, heads.numHeads * heads.valueDim);
    return this.#record({ kind: 'latentValues', attended, kvB, heads, out });
  }

  /** silu of the causal convolution of each channel over the last tokens, the newest included, by [channels, taps]. */
  shortConvolution(x: Tensor, weight: Vector, state: RecurrentState): Tensor {
    return this.#record({ kind: 'shortConvolution', x, weight, state, out: this.#tensor(x.rows, x.width) });
  }

  /**
   * The gated delta rule on queries, keys and values side by side; `decay` and `beta` [rows, value heads] say how much is
   * forgotten and learned. [rows, value heads · valueHeadDim]
   */
  deltaRule(
    qkv: Tensor,
    gates: { decay: Tensor; beta: Tensor; decayRate: Vector; decayBias: Vector },
    state: RecurrentState,
  ): Tensor {
    const out = this.#tensor(qkv.rows, state.numValueHeads * state.valueHeadDim);
    return this.#record({ kind: 'deltaRule', qkv, ...gates, state, out });
  }

  /** Each `count` rows of an input side by side in one. [rows, count · columns] */
  stackRows(x: Tensor, count: number, columns: number): Tensor {
    return this.#record({ kind: 'stackRows', x, count, columns, out: this.#tensor(x.rows / count, count * columns) });
  }

  /** The mean of each `count` rows of an input. */
  averageRows(x: Tensor, count: number): Tensor {
    return this.#record({ kind: 'averageRows', x, count, out: this.#tensor(x.rows / count, x.width) });
  }

  /** Softmax attention of each row over the four rows that it stands among, from a multiple of four on. */
  windowAttention(q: Tensor, k: Tensor, v: Tensor, numHeads: number, headDim: number): Tensor {
    const scale = 1 / Math.sqrt(headDim);
    return this.#record({
      kind: 'windowAttention',
      q,
      k,
      v,
      numHeads,
      headDim,
      scale,
      out: this.#tensor(q.rows, q.width),
    });
  }

  /**
   * Rotary position embedding on `numHeads` heads side by side: pairs (i, i + table.headDim / 2) of the first channels of
   * a head, all of them where headDim is not given.
   */
  rope(x: Tensor, table: RopeTable, numHeads: number, headDim = table.headDim): Tensor {
    return this.#record({ kind: 'rope', x, table, numHeads, headDim, out: this.#tensor(x.rows, x.width) });
  }

  /** Causal softmax attention of q over the cache, after appending k and v at the step's position. [rows, numHeads · headDim] */
  attention(q: Tensor, k: Tensor, v: Tensor, cache: LayerCache, numHeads: number, scale: number): Tensor {
    this.#recorded.push({ kind: 'kvAppend', k, v, cache });
    return this.#record({
      kind: 'attention',
      q,
      cache,
      numHeads,
      scale,
      out: this.#tensor(q.rows, numHeads * cache.headDim),
    });
  }

  /** Stores keys and values in the cache at the step's position, for a step to come. */
  appendKeys(k: Tensor, v: Tensor, cache: LayerCache): void {
    this.#recorded.push({ kind: 'kvAppend', k, v, cache });
  }

  /** Softmax attention of each row over all rows, k and v passing through the cache. [rows, numHeads · headDim] */
  fullAttention(q: Tensor, k: Tensor, v: Tensor, cache: LayerCache, numHeads: number, scale: number): Tensor {
    this.appendKeys(k, v, cache);
    return this.#attendFully(q, cache, numHeads, scale, 'step');
  }

  /** Softmax attention over the keys that stand in the cache before the step's position. [rows, numHeads · headDim] */
  crossAttention(q: Tensor, cache: LayerCache, numHeads: number, scale: number): Tensor {
    return this.#attendFully(q, cache, numHeads, scale, 'before');
  }

  /** residual + scale · branch. */
  add(residual: Tensor, branch: Tensor, scale: number): Tensor {
    return this.#record({ kind: 'add', residual, branch, scale, out: this.#tensor(residual.rows, residual.width) });
  }

  /** silu(gate) · up. */
  swiglu(gate: Tensor, up: Tensor): Tensor {
    return this.#record({ kind: 'swiglu', gate, up, out: this.#tensor(gate.rows, gate.width) });
  }

  /** factor · x. */
  scale(x: Tensor, factor: number): Tensor {
    return this.#record({ kind: 'scale', x, factor, out: this.#tensor(x.rows, x.width) });
  }

  /** The last row in use. [1, width] */
  lastRow(x: Tensor): Tensor {
    return this.#record({ kind: 'lastRow', x, out: this.#tensor(1, x.width) });
  }

  graph(output: Tensor): Graph {
    return { capacity: this.capacity, ops: this.#recorded, output };
  }

  #attendFully(q: Tensor, cache: LayerCache, numHeads: number, scale: number, seen: 'step' | 'before'): Tensor {
    const out = this.#tensor(q.rows, numHeads * cache.headDim);
    return this.#record({ kind: 'fullAttention', q, cache, numHeads, scale, seen, out });
  }

  #tensor(rows: number, columns: number): Tensor {
    return { id: this.#nextId++, rows, width: paddedWidth(columns) };
  }

  #record(op: Extract<Op, { out: Tensor }>): Tensor {
    this.#recorded.push(op);
    return op.out;
  }
}
