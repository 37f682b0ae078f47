import { VALUE_QUAD } from '../kernels/deltaNetStep/deltaNetStep';
import { hasLatentStep, latentStepWidth } from '../kernels/latentStep/latentStep';
import { MAX_PARTS } from '../kernels/projections/projections';
import { MAX_BATCH } from '../kernels/shared/batch';
import { partialFloats } from '../kernels/shared/keyChunks';
import { matrixLayout, paddedWidth } from '../quant/layout';
import type { FusedOp, NormedRow, RunGraph } from './fusedOps';
import { opInputs, opOutputs } from './opTensors';
import type { Graph, LayerCache, Matrix, Op, Tensor } from './graph';

type OpOf<Kind extends Op['kind']> = Extract<Op, { kind: Kind }>;
type Attending = Extract<FusedOp, { kind: 'cachedAttention' }>;

/** Most activation rows of a fused graph. */
export const MAX_FUSED_ROWS = MAX_BATCH;

/**
 * The same forward pass of a few rows in five dispatches per decoder layer instead of sixteen, and six where the keys are
 * many: RMSNorm's weight goes to whatever makes the row and its division behind the next projection; RoPE, norms of heads, the
 * cache append and gates go with attention, SwiGLU and the residual sums with the projections before them; what latent attention
 * has between its projections is one more; and, in a graph of one row, all that a layer with a recurrent state does between its
 * projections is one. Null for a graph of more rows, for one of several rows that picks the last, and for one made of anything
 * else than embedding, such layers, a last norm and a head.
 */
export function fuse(graph: Graph): RunGraph | null {
  return graph.capacity <= MAX_FUSED_ROWS ? new Fusion(graph).run() : null;
}

/** A part of the graph that has no fused form. */
class NoFusedForm extends Error {}

class Fusion {
  readonly #ops: (Op | FusedOp)[] = [];
  readonly #producers = new Map<number, Op>();
  readonly #readers = new Map<number, number>();
  /** By tensor id: the row half way through the norm that the graph takes of it. */
  readonly #normed = new Map<number, NormedRow>();
  /** By id of a tensor: the tensor that holds the same values in the fused graph. */
  readonly #replaced = new Map<number, Tensor>();
  #nextId: number;

  constructor(readonly graph: Graph) {
    for (const op of graph.ops) {
      for (const out of opOutputs(op)) this.#producers.set(out.id, op);
      for (const { id } of opInputs(op)) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    }
    this.#nextId = Math.max(...this.#producers.keys()) + 1;
  }

  run(): RunGraph | null {
    try {
      for (const op of this.graph.ops) this.#visit(op);
      return { ops: this.#ops, output: this.graph.output };
    } catch (error) {
      if (error instanceof NoFusedForm) return null;
      throw error;
    }
  }

  /** Emits what ends in `op`. The others are taken up by the op that reads them. */
  #visit(op: Op): void {
    switch (op.kind) {
      case 'embedding':
        this.#ops.push(op);
        return this.#weigh(op.out);
      case 'attention':
        return this.#isTakenUp(op) ? undefined : this.#attend(op, null);
      case 'latentValues':
        return this.#attendToLatents(op);
      case 'gateHeads':
        return op.gating === 'silu' ? this.#deltaNet(op) : this.#attend(this.#producer(op.x, 'attention'), op);
      case 'swiglu':
        return this.#gate(op);
      case 'add':
        return this.#addResidual(op);
      case 'lastRow':
        // The only row is the last one.
        if (this.graph.capacity > 1) throw new NoFusedForm();
        this.#replaced.set(op.out.id, this.#current(op.x));
        return;
      case 'linear':
        return op.out === this.graph.output ? this.#head(op) : undefined;
      case 'rmsNorm':
      case 'rope':
      case 'kvAppend':
      case 'latentQueries':
      case 'latentKey':
      case 'headNorm':
      case 'shortConvolution':
      case 'deltaRule':
      case 'scale':
        return;
      default:
        throw new NoFusedForm();
    }
  }

  #weigh(x: Tensor): void {
    const { weight, eps } = this.#normOf(x);
    const normed = this.#normedRow(x, weight.length, eps);
    this.#ops.push({ kind: 'weigh', x, weight, normed });
  }

  /** Queries, keys and values of the rows, and their attention over the cache with these in it; norms and gates, if any. */
  #attend({ q, cache, numHeads, scale, out }: OpOf<'attention'>, gate: OpOf<'gateHeads'> | null): void {
    const append = this.#appendTo(cache);
    const ropes = [this.#producer(q, 'rope'), this.#producer(append.k, 'rope')] as const;
    const [queryNorm, keyNorm] = ropes.map(({ x }) => (gate ? this.#producer(x, 'headNorm') : null));
    const [queries, keys] = [(queryNorm ?? ropes[0]).x, (keyNorm ?? ropes[1]).x];
    const linears = [
      // Gates are read from among the queries.
      this.#producer(queries, 'linear', gate ? 2 : 1),
      this.#producer(keys, 'linear'),
      this.#producer(append.v, 'linear'),
    ];
    const { row: qkv, starts } = this.#project(linears);
    const [, keyStart, valueStart] = starts as [number, number, number];
    this.#ops.push({
      kind: 'cachedAttention',
      qkv,
      keyStart,
      valueStart,
      table: ropes[0].table,
      cache,
      numHeads,
      scale,
      gated: gate && gatedHeads(gate, queryNorm!, keyNorm!),
      expanded: null,
      out: gate?.out ?? out,
      partials: this.#tensor(partialFloats(numHeads, cache)),
    });
  }

  /** Down-projections of a row, its queries and its key, and their attention over the cache with this in it, as values. */
  #attendToLatents({ attended, kvB, heads, out }: OpOf<'latentValues'>): void {
    const { q, cache, numHeads, scale } = this.#producer(attended, 'attention');
    const append = this.#appendTo(cache);
    const ropes = [this.#producer(q, 'rope'), this.#producer(append.k, 'rope')] as const;
    const queries = this.#producer(ropes[0].x, 'latentQueries');
    // It is kept as a value, too.
    const key = this.#producer(ropes[1].x, 'latentKey', 2);
    const { x, weight: qB } = this.#producer(queries.q, 'linear');
    const norm = this.#producer(x, 'rmsNorm');
    const hasKernel =
      append.v === key.out &&
      queries.kvB === kvB &&
      queries.heads === heads &&
      key.heads === heads &&
      ropes[0].table === ropes[1].table &&
      norm.eps === key.eps &&
      hasLatentStep({ ...heads, queryRank: qB.columns });
    if (!hasKernel) throw new NoFusedForm();
    const { row, starts } = this.#project([norm.x, key.x].map((x) => this.#producer(x, 'linear')));
    const qkv = this.#tensor(latentStepWidth(heads));
    this.#ops.push({
      kind: 'latentStep',
      x: row,
      keyStart: starts[1]!,
      queryNorm: norm.weight,
      latentNorm: key.weight,
      eps: key.eps,
      qB: whole(qB),
      kvB: whole(kvB),
      heads,
      out: qkv,
    });
    const keyStart = numHeads * cache.headDim;
    this.#ops.push({
      kind: 'cachedAttention',
      qkv,
      keyStart,
      valueStart: keyStart,
      table: ropes[0].table,
      cache,
      numHeads,
      scale,
      gated: null,
      expanded: { heads, kvB },
      out,
      partials: this.#tensor(partialFloats(numHeads, cache)),
    });
  }

  /** The op that puts keys and values of the rows into a cache, of which there must be one. */
  #appendTo(cache: LayerCache): OpOf<'kvAppend'> {
    const appends = this.graph.ops.filter((op) => op.kind === 'kvAppend' && op.cache === cache);
    const [append] = appends;
    if (appends.length !== 1 || append?.kind !== 'kvAppend') throw new NoFusedForm();
    return append;
  }

  /** Whether the results go through gates, or are latents: an op behind it takes it up. */
  #isTakenUp({ out }: OpOf<'attention'>): boolean {
    return this.graph.ops.some(
      (op) => (op.kind === 'gateHeads' && op.x === out) || (op.kind === 'latentValues' && op.attended === out),
    );
  }

  /** Projections of a token, and how it goes by the state of its layer. */
  #deltaNet(gate: OpOf<'gateHeads'>): void {
    const norm = this.#producer(gate.x, 'headNorm');
    const { qkv, decay, beta, decayRate, decayBias, state } = this.#producer(norm.x, 'deltaRule');
    const convolution = this.#producer(qkv, 'shortConvolution');
    const hasKernel = this.graph.capacity === 1 && state.valueHeadDim % VALUE_QUAD === 0;
    if (!hasKernel || [norm, gate].some(({ heads }) => heads.start !== 0 || heads.stride !== state.valueHeadDim))
      throw new NoFusedForm();
    const linears = [convolution.x, decay, beta, gate.gate].map((x) => this.#producer(x, 'linear'));
    const { row, starts } = this.#project(linears);
    const [, decayStart, betaStart, gateStart] = starts as [number, number, number, number];
    this.#ops.push({
      kind: 'deltaNetStep',
      x: row,
      decayStart,
      betaStart,
      gateStart,
      convolution: convolution.weight,
      decayRate,
      decayBias,
      norm: norm.weight,
      eps: norm.eps,
      state,
      out: gate.out,
    });
  }

  /** Matrices on the same normed row, whose results lie side by side, from `starts` on. */
  #project(linears: readonly OpOf<'linear'>[]): { row: Tensor; starts: number[] } {
    const x = this.#commonNorm(linears);
    let width = 0;
    const weights = linears.map(({ weight }) => {
      const start = width;
      width += paddedWidth(weight.rows);
      return { matrix: whole(weight), start };
    });
    const row = this.#tensor(width);
    this.#ops.push({ kind: 'projections', x, weights, gain: 1, out: row });
    return { row, starts: weights.map(({ start }) => start) };
  }

  #gate({ gate, up, out }: OpOf<'swiglu'>): void {
    const linears = [gate, up].map((x) => this.#producer(x, 'linear'));
    const x = this.#commonNorm(linears);
    const [gateWeight, upWeight] = linears.map(({ weight }) => whole(weight)) as [Matrix, Matrix];
    this.#ops.push({ kind: 'gatedProjections', x, gate: gateWeight, up: upWeight, out });
  }

  #addResidual({ residual, branch, scale, out }: OpOf<'add'>): void {
    const { x, weight } = this.#producer(branch, 'linear');
    if (!this.#ops.some((op) => opOutputs(op).some(({ id }) => id === x.id))) throw new NoFusedForm();
    const { weight: norm, eps } = this.#normOf(out);
    const normed = this.#normedRow(out, norm.length, eps);
    this.#ops.push({ kind: 'residualProjection', x, weight: whole(weight), residual, scale, norm, out, normed });
  }

  #head({ x, weight, out }: OpOf<'linear'>): void {
    const producer = this.#producers.get(x.id);
    const scale = producer?.kind === 'scale' ? producer : null;
    const norm = this.#producer(scale ? scale.x : x, 'rmsNorm');
    const normed = this.#normed.get(this.#current(norm.x).id);
    if (!normed) throw new NoFusedForm();
    const shards = weight.shards.map(({ rowStart, rows, buffer }) => {
      const matrix: Matrix = { ...weight, rows, shards: [{ rowStart: 0, rows, buffer }] };
      return { matrix, start: rowStart };
    });
    for (let i = 0; i < shards.length; i += MAX_PARTS) {
      const weights = shards.slice(i, i + MAX_PARTS);
      this.#ops.push({ kind: 'projections', x: normed, weights, gain: scale?.factor ?? 1, out });
    }
  }

  /** The normed row that all of these matrices are applied to. */
  #commonNorm(linears: readonly OpOf<'linear'>[]): NormedRow {
    const [norm, ...others] = linears.map(({ x }) => this.#producer(x, 'rmsNorm'));
    const normed = norm && this.#normed.get(this.#current(norm.x).id);
    if (!normed || others.some((other) => other !== norm)) throw new NoFusedForm();
    return normed;
  }

  /** The one norm that the graph takes of `x`, directly or of it as the last row. */
  #normOf(x: Tensor): OpOf<'rmsNorm'> {
    const last = this.graph.ops.find((op) => op.kind === 'lastRow' && op.x === x);
    const norms = this.graph.ops.filter(
      (op) => op.kind === 'rmsNorm' && (op.x === x || (last?.kind === 'lastRow' && op.x === last.out)),
    );
    const [norm] = norms;
    if (norms.length !== 1 || norm?.kind !== 'rmsNorm') throw new NoFusedForm();
    return norm;
  }

  /** The op that makes `x`, which must be of this kind; any but a norm must make it for so many readers. */
  #producer<Kind extends Op['kind']>(x: Tensor, kind: Kind, readers = 1): OpOf<Kind> {
    const op = this.#producers.get(x.id);
    if (op?.kind !== kind) throw new NoFusedForm();
    if (kind !== 'rmsNorm' && this.#readers.get(x.id) !== readers) throw new NoFusedForm();
    return op as OpOf<Kind>;
  }

  #normedRow(x: Tensor, columns: number, eps: number): NormedRow {
    const squares = this.#tensor(4 * matrixLayout('f32', 1, columns).blocks);
    const normed = { weighted: this.#tensor(x.width), squares, columns, eps };
    this.#normed.set(x.id, normed);
    return normed;
  }

  #tensor(columns: number): Tensor {
    return { id: this.#nextId++, rows: this.graph.capacity, width: paddedWidth(columns) };
  }

  #current(tensor: Tensor): Tensor {
    return this.#replaced.get(tensor.id) ?? tensor;
  }
}

/** The form of attention with norms and gates, if the kernel has it. */
function gatedHeads(
  { gate, heads }: OpOf<'gateHeads'>,
  query: OpOf<'headNorm'>,
  key: OpOf<'headNorm'>,
): Attending['gated'] {
  const hasKernel =
    gate === query.x &&
    heads.stride === query.heads.stride &&
    key.heads.stride === key.heads.headDim &&
    query.eps === key.eps;
  if (!hasKernel) throw new NoFusedForm();
  return {
    gateStart: heads.start,
    queryStride: heads.stride,
    eps: query.eps,
    queryNorm: query.weight,
    keyNorm: key.weight,
  };
}

/** A matrix that one binding holds. */
function whole(matrix: Matrix): Matrix {
  if (matrix.shards.length !== 1) throw new NoFusedForm();
  return matrix;
}
