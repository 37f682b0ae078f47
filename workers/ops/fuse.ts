import { MAX_PARTS } from '../kernels/projections/projections';
import { MAX_BATCH } from '../kernels/shared/batch';
import { partialFloats } from '../kernels/shared/keyChunks';
import { matrixLayout, paddedWidth } from '../quant/layout';
import type { FusedOp, NormedRow, RunGraph } from './fusedOps';
import { opInputs, opOutputs } from './opTensors';
import { PART_ALIGNMENT, type Graph, type Matrix, type Op, type Tensor } from './graph';

type OpOf<Kind extends Op['kind']> = Extract<Op, { kind: Kind }>;

/** Most activation rows of a fused graph. */
export const MAX_FUSED_ROWS = MAX_BATCH;

/**
 * The same forward pass of a few rows in five dispatches per decoder layer instead of sixteen, and six where the keys are
 * many: RMSNorm's weight goes to whatever makes the row and its division behind the next projection; RoPE and the cache
 * append go with attention, SwiGLU and the residual sums with the projections before them. Of layers that mix their rows
 * otherwise, that part stays as recorded behind one product for all its matrices, in a graph of one row. Null for a graph of
 * more rows, for one of several rows that picks the last, and for one made of anything else than embedding, such layers, a
 * last norm and a head.
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
        return this.#isRotated(op.q) ? this.#attend(op) : void this.#ops.push({ ...op, q: this.#current(op.q) });
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
        if (op.out === this.graph.output) this.#head(op);
        else if (this.#isMixing(op)) this.#project(this.#besides(op));
        return;
      case 'rope':
        if (!this.#isProjected(op)) this.#ops.push({ ...op, x: this.#current(op.x) });
        return;
      case 'kvAppend':
        if (!this.#isRotated(op.k)) this.#ops.push({ ...op, k: this.#current(op.k), v: this.#current(op.v) });
        return;
      case 'headNorm':
      case 'shortConvolution':
        this.#ops.push({ ...op, x: this.#current(op.x) });
        return;
      case 'gateHeads':
        this.#ops.push({ ...op, x: this.#current(op.x), gate: this.#current(op.gate) });
        return;
      case 'deltaRule':
        this.#ops.push({ ...op, decay: this.#current(op.decay), beta: this.#current(op.beta) });
        return;
      case 'rmsNorm':
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

  /** Queries, keys and values of the rows, and their attention over the cache with these in it. */
  #attend({ q, cache, numHeads, scale, out }: OpOf<'attention'>): void {
    const appends = this.graph.ops.filter((op) => op.kind === 'kvAppend' && op.cache === cache);
    const [append] = appends;
    if (appends.length !== 1 || append?.kind !== 'kvAppend') throw new NoFusedForm();
    const [queryRope, keyRope] = [this.#producer(q, 'rope'), this.#producer(append.k, 'rope')];
    const linears = [queryRope.x, keyRope.x, append.v].map((x) => this.#producer(x, 'linear'));
    const x = this.#commonNorm(linears);
    let width = 0;
    const weights = linears.map(({ weight }) => {
      const start = width;
      width += paddedWidth(weight.rows);
      return { matrix: whole(weight), start };
    });
    const qkv = this.#tensor(width);
    const partials = this.#tensor(partialFloats(numHeads, cache));
    const [, { start: keyStart }, { start: valueStart }] = weights as [unknown, { start: number }, { start: number }];
    const { table } = queryRope;
    this.#ops.push(
      { kind: 'projections', x, weights, gain: 1, out: qkv },
      { kind: 'cachedAttention', qkv, keyStart, valueStart, table, cache, numHeads, scale, out, partials },
    );
  }

  /** Whether a projection is rotated as it is, so that `#attend` takes it up. */
  #isProjected(rope: OpOf<'rope'>): boolean {
    return this.#producers.get(rope.x.id)?.kind === 'linear';
  }

  #isRotated(x: Tensor): boolean {
    const rope = this.#producers.get(x.id);
    return rope?.kind === 'rope' && this.#isProjected(rope);
  }

  /** The matrices that are applied to the same normed row. */
  #besides({ x }: OpOf<'linear'>): OpOf<'linear'>[] {
    return this.graph.ops.filter((op) => op.kind === 'linear' && op.x === x) as OpOf<'linear'>[];
  }

  /** Whether a matrix is the first of those that begin a layer whose rows are mixed by ops that stay as recorded. */
  #isMixing(linear: OpOf<'linear'>): boolean {
    if (this.#producers.get(linear.x.id)?.kind !== 'rmsNorm') return false;
    const outs = this.#besides(linear).map(({ out }) => out);
    if (outs[0] !== linear.out) return false;
    return !this.graph.ops.some(
      (op) => (op.kind === 'rope' || op.kind === 'swiglu') && opInputs(op).some((input) => outs.includes(input)),
    );
  }

  /** Matrices on the same row, whose results are parts of one: of several rows they would not lie together. */
  #project(linears: OpOf<'linear'>[]): void {
    if (this.graph.capacity > 1 || linears.length > MAX_PARTS) throw new NoFusedForm();
    const x = this.#commonNorm(linears);
    // Floats have no form in some kernel variants, which large packed matrices beside them are not to lose.
    const floats = linears.filter(({ weight: { format } }) => format === 'f32' || format === 'f16');
    if (floats.length > 0 && floats.length < linears.length) {
      this.#project(floats);
      return this.#project(linears.filter((linear) => !floats.includes(linear)));
    }
    let width = 0;
    const weights = linears.map(({ weight }) => {
      const start = width;
      width += Math.ceil(weight.rows / PART_ALIGNMENT) * PART_ALIGNMENT;
      return { matrix: whole(weight), start };
    });
    const row = this.#tensor(width);
    this.#ops.push({ kind: 'projections', x, weights, gain: 1, out: row });
    for (const [i, { out }] of linears.entries()) {
      this.#replaced.set(out.id, { ...row, width: out.width, start: weights[i]!.start });
    }
  }

  #gate({ gate, up, out }: OpOf<'swiglu'>): void {
    const linears = [gate, up].map((x) => this.#producer(x, 'linear'));
    const x = this.#commonNorm(linears);
    const [gateWeight, upWeight] = linears.map(({ weight }) => whole(weight)) as [Matrix, Matrix];
    this.#ops.push({ kind: 'gatedProjections', x, gate: gateWeight, up: upWeight, out });
  }

  #addResidual({ residual, branch, scale, out }: OpOf<'add'>): void {
    const { x, weight } = this.#producer(branch, 'linear');
    if (this.#producers.get(x.id)?.kind === 'rmsNorm') throw new NoFusedForm();
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
  #commonNorm(linears: OpOf<'linear'>[]): NormedRow {
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

  /** The op that makes `x`, which must be of this kind; any but a norm must make it for one reader alone. */
  #producer<Kind extends Op['kind']>(x: Tensor, kind: Kind): OpOf<Kind> {
    const op = this.#producers.get(x.id);
    if (op?.kind !== kind) throw new NoFusedForm();
    if (kind !== 'rmsNorm' && this.#readers.get(x.id) !== 1) throw new NoFusedForm();
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

/** A matrix that one binding holds. */
function whole(matrix: Matrix): Matrix {
  if (matrix.shards.length !== 1) throw new NoFusedForm();
  return matrix;
}
