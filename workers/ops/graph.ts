import type { Activation } from '../kernels/bias/bias';
import type { KvCacheFormat } from '../protocol';
import type { MatrixFormat } from '../quant/layout';
import { paddedWidth } from '../quant/layout';

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

/** A plain f32 vector in device memory, padded with zeros to whole blocks. */
export interface Vector {
  length: number;
  buffer: DeviceBuffer;
}

/** cos and sin of every position: f32 [positions, headDim / 2, 2]. */
export interface RopeTable {
  positions: number;
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
  | { kind: 'rope'; x: Tensor; table: RopeTable; numHeads: number; out: Tensor }
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

  /** Activations that the host writes to `buffer` before a step. [rows, columns], rows padded to whole blocks with zeros */
  input(buffer: DeviceBuffer, columns: number): Tensor {
    return { ...this.#tensor(this.capacity, columns), memory: buffer };
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

  /** Rotary position embedding, pairs (i, i + headDim / 2), on `numHeads` heads side by side. */
  rope(x: Tensor, table: RopeTable, numHeads: number): Tensor {
    return this.#record({ kind: 'rope', x, table, numHeads, out: this.#tensor(x.rows, x.width) });
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
