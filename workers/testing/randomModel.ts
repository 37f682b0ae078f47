import { kvCacheBytes } from '../memory/kvCacheBytes';
import type { Backend } from '../ops/backend';
import type { Graph, LayerCache, Matrix, RopeTable, Tensor, Vector } from '../ops/graph';
import { Ops } from '../ops/graph';
import type { KvCacheFormat } from '../protocol/loading';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { randomPackedMatrix } from './packedMatrix';
import { Random } from './random';

/** Sizes that are no multiple of a block, and grouped queries. */
export const SIZES = { vocab: 75, hidden: 72, intermediate: 100, layers: 2, heads: 6, kvHeads: 2, headDim: 12 };

interface Layer {
  inputLayernorm: Vector;
  postAttentionLayernorm: Vector;
  q: Matrix;
  k: Matrix;
  v: Matrix;
  o: Matrix;
  gate: Matrix;
  up: Matrix;
  down: Matrix;
}

/** A two-layer transformer with random weights, the same on every backend, and a KV cache. */
export class RandomModel {
  readonly #backend: Backend;
  readonly #random = new Random(2024);
  readonly #embedding: Matrix;
  readonly #head: Matrix;
  readonly #norm: Vector;
  readonly #rope: RopeTable;
  readonly #layers: Layer[];
  readonly #caches: LayerCache[];

  constructor(backend: Backend, weights: MatrixFormat, kvCache: KvCacheFormat, contextLength: number) {
    const { vocab, hidden, intermediate, heads, kvHeads, headDim, layers } = SIZES;
    this.#backend = backend;
    const matrix = (rows: number, columns: number) => this.#matrix(weights, rows, columns, rows);
    this.#embedding = this.#matrix(weights, vocab, hidden, TILE_ROWS);
    this.#head = this.#matrix(weights, vocab, hidden, 2 * TILE_ROWS);
    this.#norm = this.#vector(hidden);
    this.#rope = this.#ropeTable(contextLength);
    this.#layers = Array.from({ length: layers }, () => ({
      inputLayernorm: this.#vector(hidden),
      postAttentionLayernorm: this.#vector(hidden),
      q: matrix(heads * headDim, hidden),
      k: matrix(kvHeads * headDim, hidden),
      v: matrix(kvHeads * headDim, hidden),
      o: matrix(hidden, heads * headDim),
      gate: matrix(intermediate, hidden),
      up: matrix(intermediate, hidden),
      down: matrix(hidden, intermediate),
    }));
    const bytes = kvCacheBytes(kvCache, kvHeads, contextLength, headDim);
    this.#caches = this.#layers.map(() => ({
      format: kvCache,
      capacity: contextLength,
      numKvHeads: kvHeads,
      headDim,
      keys: backend.createBuffer('keys', bytes),
      values: backend.createBuffer('values', bytes),
    }));
  }

  /** The forward pass, with every kind of op. */
  graph(capacity: number, positions: 'last' | 'all'): Graph {
    const { heads } = SIZES;
    const ops = new Ops(capacity);
    let hidden = ops.embedding(this.#embedding, 2);
    this.#layers.forEach((layer, i) => {
      const normed = ops.rmsNorm(hidden, layer.inputLayernorm, 1e-5);
      const q = ops.rope(ops.linear(normed, layer.q), this.#rope, heads);
      const k = ops.rope(ops.linear(normed, layer.k), this.#rope, SIZES.kvHeads);
      const v = ops.linear(normed, layer.v);
      const attended = ops.attention(q, k, v, this.#caches[i]!, heads, SIZES.headDim ** -0.5);
      hidden = ops.add(hidden, ops.linear(attended, layer.o), 0.3);
      hidden = ops.add(hidden, this.#mlp(ops, layer, hidden), 0.3);
    });
    if (positions === 'last') hidden = ops.lastRow(hidden);
    return ops.graph(ops.linear(ops.scale(ops.rmsNorm(hidden, this.#norm, 1e-5), 0.5), this.#head));
  }

  #mlp(ops: Ops, layer: Layer, hidden: Tensor): Tensor {
    const normed = ops.rmsNorm(hidden, layer.postAttentionLayernorm, 1e-5);
    return ops.linear(ops.swiglu(ops.linear(normed, layer.gate), ops.linear(normed, layer.up)), layer.down);
  }

  /** A matrix cut in two at row `cut`, a whole number of tiles; whole where `cut` is `rows`. */
  #matrix(format: MatrixFormat, rows: number, columns: number, cut: number): Matrix {
    const bytes = randomPackedMatrix(this.#random, format, rows, columns);
    const cutBytes = matrixLayout(format, cut, columns).bytes;
    const shards = [{ rowStart: 0, rows: cut, buffer: this.#buffer(bytes.subarray(0, cutBytes)) }];
    if (cut < rows) shards.push({ rowStart: cut, rows: rows - cut, buffer: this.#buffer(bytes.subarray(cutBytes)) });
    return { format, rows, columns, shards };
  }

  #vector(length: number): Vector {
    return { length, buffer: this.#buffer(this.#random.floats(length)) };
  }

  #ropeTable(positions: number): RopeTable {
    const { headDim } = SIZES;
    const table = Float32Array.from({ length: positions * headDim }, (_, i) => {
      const angle = Math.floor(i / headDim) * 0.5 ** Math.floor((i % headDim) / 2);
      return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
    });
    return { positions, headDim, buffer: this.#buffer(table) };
  }

  #buffer(data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>) {
    const buffer = this.#backend.createBuffer('weights', data.byteLength);
    this.#backend.write(buffer, 0, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return buffer;
  }
}
