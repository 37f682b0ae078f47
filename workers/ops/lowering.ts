import { engineError } from '../errors';
import type { Launch } from '../gpu/kernel';
import { add } from '../kernels/add/add';
import { attention, MAX_HEAD_DIM } from '../kernels/attention/attention';
import { bias } from '../kernels/bias/bias';
import { cachedAttention } from '../kernels/cachedAttention/cachedAttention';
import { averageRows } from '../kernels/averageRows/averageRows';
import { deltaNetStep } from '../kernels/deltaNetStep/deltaNetStep';
import { deltaRule } from '../kernels/deltaRule/deltaRule';
import { embedding } from '../kernels/embedding/embedding';
import { featureRows } from '../kernels/featureRows/featureRows';
import { gateHeads } from '../kernels/gateHeads/gateHeads';
import { gatedProjections } from '../kernels/gatedProjections/gatedProjections';
import { headNorm } from '../kernels/headNorm/headNorm';
import { kvAppend } from '../kernels/kvAppend/kvAppend';
import { lastRow } from '../kernels/lastRow/lastRow';
import { latentKey } from '../kernels/latentKey/latentKey';
import { latentQueries } from '../kernels/latentQueries/latentQueries';
import { latentStep } from '../kernels/latentStep/latentStep';
import { latentValues } from '../kernels/latentValues/latentValues';
import { layerNorm } from '../kernels/layerNorm/layerNorm';
import { matmul } from '../kernels/matmul/matmul';
import { matvec } from '../kernels/matvec/matvec';
import { mergeAttention } from '../kernels/mergeAttention/mergeAttention';
import { mergeLatentAttention } from '../kernels/mergeLatentAttention/mergeLatentAttention';
import { mixRows } from '../kernels/mixRows/mixRows';
import { projections } from '../kernels/projections/projections';
import { residualProjection } from '../kernels/residualProjection/residualProjection';
import { rmsNorm } from '../kernels/rmsNorm/rmsNorm';
import { rope } from '../kernels/rope/rope';
import { scale } from '../kernels/scale/scale';
import { MAX_BATCH } from '../kernels/shared/batch';
import { shortConvolution } from '../kernels/shortConvolution/shortConvolution';
import { stackRows } from '../kernels/stackRows/stackRows';
import { swiglu } from '../kernels/swiglu/swiglu';
import { tiledAttention } from '../kernels/tiledAttention/tiledAttention';
import { weigh } from '../kernels/weigh/weigh';
import { windowAttention } from '../kernels/windowAttention/windowAttention';
import { paddedWidth } from '../quant/layout';
import type { FusedOp } from './fusedOps';
import type { DeviceBuffer, LayerCache, Matrix, Op, Tensor } from './graph';
import { PLAIN_KERNELS, type KernelChoice } from './kernelChoice';
import { opOutputs } from './opTensors';

/** What a kernel binding refers to: an activation, weights or cache, or the step's token ids. */
export type Operand = Tensor | DeviceBuffer | 'tokenIds';

/** One dispatch: a kernel at a size, and what its bindings 1, 2, … hold (binding 0 is the step). */
export interface Dispatch {
  launch: Launch;
  /** Activation rows at most: the graph's capacity, or 1 behind lastRow. */
  rows: number;
  operands: readonly Operand[];
}

type OpOf<Kind extends Op['kind']> = Extract<Op, { kind: Kind }>;

type Unsized = Omit<Dispatch, 'rows'>;

/** The dispatches that compute an op. Throws UnsupportedError for a shape that no kernel serves. */
export function lower(op: Op | FusedOp, kernels: KernelChoice = PLAIN_KERNELS): Dispatch[] {
  const { rows } = op.kind === 'kvAppend' ? op.k : opOutputs(op)[0]!;
  return lowerUnsized(op, kernels).map((dispatch) => ({ ...dispatch, rows }));
}

function lowerUnsized(op: Op | FusedOp, kernels: KernelChoice): Unsized[] {
  switch (op.kind) {
    case 'embedding':
      return lowerEmbedding(op);
    case 'linear':
      return lowerLinear(op, kernels);
    case 'rope': {
      const launch = rope({ numHeads: op.numHeads, headDim: op.headDim, rotaryDim: op.table.headDim });
      return [{ launch, operands: [op.table.buffer, op.x, op.out] }];
    }
    case 'kvAppend':
      return [{ launch: kvAppend(op.cache), operands: [op.k, op.v, op.cache.keys, op.cache.values] }];
    case 'attention':
      return lowerAttention(op, kernels);
    case 'fullAttention': {
      checkHeads(op.numHeads, op.cache);
      const launch = tiledAttention({ ...op, isOnProcessor: kernels.isOnProcessor });
      return [{ launch, operands: [op.q, op.cache.keys, op.cache.values, op.out] }];
    }
    case 'mixRows': {
      const { mix, table, out } = op;
      return [{ launch: mixRows({ ...table, mixWidth: mix.width }), operands: [mix, onlyShard(table), out] }];
    }
    case 'cachedAttention':
      return lowerCachedAttention(op, kernels);
    case 'headNorm':
    case 'gateHeads':
    case 'shortConvolution':
    case 'deltaRule':
      return [lowerHybrid(op)];
    case 'latentQueries':
    case 'latentKey':
    case 'latentValues':
      return [lowerLatent(op)];
    case 'stackRows':
    case 'averageRows':
    case 'windowAttention':
      return [lowerMerging(op)];
    case 'weigh':
    case 'projections':
    case 'latentStep':
    case 'deltaNetStep':
    case 'gatedProjections':
    case 'residualProjection':
      return [lowerFused(op, kernels)];
    default:
      return [lowerRowwise(op)];
  }
}

function lowerFused(op: Exclude<FusedOp, { kind: 'cachedAttention' }>, { matvec: variant }: KernelChoice): Unsized {
  switch (op.kind) {
    case 'weigh': {
      const { weighted, squares } = op.normed;
      return { launch: weigh({ width: op.x.width }), operands: [op.x, op.weight.buffer, weighted, squares] };
    }
    case 'projections': {
      const { weighted, squares, columns, eps } = op.x;
      const parts = op.weights.map(({ matrix, start }) => ({
        format: matrix.format,
        rows: matrix.rows,
        outStart: start,
      }));
      const buffers = op.weights.map(({ matrix }) => onlyShard(matrix));
      const { rows: batch, width: outWidth } = op.out;
      const launch = projections({ parts, columns, outWidth, eps, gain: op.gain, batch, variant });
      return { launch, operands: [weighted, squares, op.out, ...buffers] };
    }
    case 'latentStep': {
      const { x, queryNorm, latentNorm, qB, kvB, heads, keyStart, eps, out } = op;
      const formats = { qB: qB.format, kvB: kvB.format };
      const launch = latentStep({ ...heads, queryRank: qB.columns, formats, xWidth: x.width, keyStart, eps });
      const operands = [x, queryNorm.buffer, latentNorm.buffer, out, onlyShard(qB), onlyShard(kvB)];
      return { launch, operands };
    }
    case 'deltaNetStep': {
      const { x, convolution, decayRate, decayBias, norm, state, out } = op;
      const [rate, bias] = [decayRate.buffer, decayBias.buffer];
      const operands = [x, convolution.buffer, state.recent, rate, bias, norm.buffer, state.memory, out];
      return { launch: deltaNetStep({ ...state, ...op }), operands };
    }
    case 'gatedProjections': {
      const { x, gate, up, out } = op;
      const { rows, columns } = gate;
      const shape = { gate: gate.format, up: up.format, rows, columns, eps: x.eps, batch: out.rows, variant };
      const operands = [x.weighted, x.squares, out, onlyShard(gate), onlyShard(up)];
      return { launch: gatedProjections(shape), operands };
    }
    case 'residualProjection': {
      const { x, weight, residual, norm, out, normed } = op;
      const operands = [x, residual, norm.buffer, out, normed.weighted, normed.squares, onlyShard(weight)];
      return { launch: residualProjection({ ...weight, scale: op.scale, batch: out.rows, variant }), operands };
    }
  }
}

/** What layers with a recurrent state, and gated attention, have besides. */
function lowerHybrid(op: OpOf<'headNorm' | 'gateHeads' | 'shortConvolution' | 'deltaRule'>): Unsized {
  switch (op.kind) {
    case 'headNorm': {
      const launch = headNorm({ ...op.heads, xWidth: op.x.width, eps: op.eps });
      return { launch, operands: [op.x, op.weight.buffer, op.out] };
    }
    case 'gateHeads': {
      const launch = gateHeads({ ...op.heads, gateWidth: op.gate.width, gating: op.gating });
      return { launch, operands: [op.x, op.gate, op.out] };
    }
    case 'shortConvolution': {
      const { taps, recent } = op.state;
      const launch = shortConvolution({ channels: op.weight.length / taps, taps });
      return { launch, operands: [op.x, op.weight.buffer, recent, op.out] };
    }
    case 'deltaRule': {
      const { qkv, decay, beta, decayRate, decayBias, state, out } = op;
      const operands = [qkv, decay, beta, decayRate.buffer, decayBias.buffer, state.memory, out];
      return { launch: deltaRule(state), operands };
    }
  }
}

/** What latent attention has besides. */
function lowerLatent(op: OpOf<'latentQueries' | 'latentKey' | 'latentValues'>): Unsized {
  switch (op.kind) {
    case 'latentQueries':
      return {
        launch: latentQueries({ ...op.heads, format: op.kvB.format }),
        operands: [op.q, onlyShard(op.kvB), op.out],
      };
    case 'latentKey':
      return { launch: latentKey({ ...op.heads, eps: op.eps }), operands: [op.x, op.weight.buffer, op.out] };
    case 'latentValues':
      return {
        launch: latentValues({ ...op.heads, format: op.kvB.format }),
        operands: [op.attended, onlyShard(op.kvB), op.out],
      };
  }
}

/** What a vision tower that merges its rows has besides. */
function lowerMerging(op: OpOf<'stackRows' | 'averageRows' | 'windowAttention'>): Unsized {
  switch (op.kind) {
    case 'stackRows':
      return { launch: stackRows(op), operands: [op.x, op.out] };
    case 'averageRows':
      return { launch: averageRows({ count: op.count, width: op.out.width }), operands: [op.x, op.out] };
    case 'windowAttention':
      return { launch: windowAttention(op), operands: [op.q, op.k, op.v, op.out] };
  }
}

/** Where a matrix that is not sharded lies. */
function onlyShard({ shards: [shard, ...others] }: Matrix): DeviceBuffer {
  if (others.length > 0) throw engineError('UnsupportedError', 'A matrix of this kind must fit into one binding.');
  return shard!.buffer;
}

function lowerRowwise(op: OpOf<'rmsNorm' | 'layerNorm' | 'bias' | 'add' | 'swiglu' | 'scale' | 'lastRow'>): Unsized {
  const { width } = op.out;
  switch (op.kind) {
    case 'rmsNorm': {
      const launch = rmsNorm({ columns: op.weight.length, eps: op.eps });
      return { launch, operands: [op.x, op.weight.buffer, op.out] };
    }
    case 'layerNorm': {
      const launch = layerNorm({ columns: op.weight.length, eps: op.eps });
      return { launch, operands: [op.x, op.weight.buffer, op.bias.buffer, op.out] };
    }
    case 'bias':
      return { launch: bias({ width, activation: op.activation }), operands: [op.x, op.bias.buffer, op.out] };
    case 'add':
      return { launch: add({ width, scale: op.scale }), operands: [op.residual, op.branch, op.out] };
    case 'swiglu':
      return { launch: swiglu({ width }), operands: [op.gate, op.up, op.out] };
    case 'scale':
      return { launch: scale({ width, factor: op.factor }), operands: [op.x, op.out] };
    case 'lastRow':
      return { launch: lastRow({ rows: op.x.rows, width }), operands: [op.x, op.out] };
  }
}

function lowerEmbedding({ table, scale: factor, features, out }: OpOf<'embedding'>): Unsized[] {
  const { format, columns } = table;
  const lookups: Unsized[] = table.shards.map(({ rowStart, rows, buffer }) => ({
    launch: embedding({ format, rowStart, rows, columns, scale: factor }),
    operands: ['tokenIds', buffer, out],
  }));
  if (!features) return lookups;
  const launch = featureRows({ firstId: table.rows, rows: features.rows, width: out.width });
  return [...lookups, { launch, operands: ['tokenIds', features.buffer, out] }];
}

function lowerLinear({ x, weight, out }: OpOf<'linear'>, kernels: KernelChoice): Unsized[] {
  const { format, columns } = weight;
  if (x.width !== paddedWidth(columns)) {
    throw engineError('UnsupportedError', `A matrix of ${columns} columns cannot be applied to rows of ${x.width}.`);
  }
  return weight.shards.map(({ rowStart, rows, buffer }) => {
    const shard = { format, rowStart, rows, columns };
    const launch =
      x.rows <= MAX_BATCH
        ? matvec({ ...shard, outWidth: out.width, batch: x.rows, variant: kernels.matvec })
        : matmul({ ...shard, outWidth: out.width, variant: kernels.matmul, matrixUnit: kernels.matrixUnit });
    return { launch, operands: [buffer, x, out] };
  });
}

/** Most activation rows whose attention is computed one by one: they would not fill a tile. */
const FEW_ROWS = 8;

function lowerAttention(op: OpOf<'attention'>, { isOnProcessor }: KernelChoice): Unsized[] {
  const { q, cache, numHeads, scale: factor, out } = op;
  checkHeads(numHeads, cache);
  const shape = { numHeads, cache, scale: factor };
  const launch = q.rows > FEW_ROWS ? tiledAttention({ ...shape, isOnProcessor }) : attention(shape);
  return [{ launch, operands: [q, cache.keys, cache.values, out] }];
}

function lowerCachedAttention(
  op: Extract<FusedOp, { kind: 'cachedAttention' }>,
  { isOnProcessor }: KernelChoice,
): Unsized[] {
  const { qkv, table, cache, numHeads, gated, out, partials } = op;
  checkHeads(numHeads, cache);
  const expanded = op.expanded && { ...op.expanded.heads, format: op.expanded.kvB.format };
  const sizes = { qkvWidth: qkv.width, rotaryDim: table.headDim, batch: qkv.rows };
  const norms = gated ? [gated.queryNorm.buffer, gated.keyNorm.buffer] : [];
  const kvB = op.expanded ? [onlyShard(op.expanded.kvB)] : [];
  const attend = {
    launch: cachedAttention({ ...op, ...sizes, expanded, isOnProcessor }),
    operands: [qkv, table.buffer, cache.keys, cache.values, out, partials, ...norms, ...kvB],
  };
  if (expanded) {
    return [attend, { launch: mergeLatentAttention(cache, expanded), operands: [partials, out, ...kvB] }];
  }
  const launch = mergeAttention({ numHeads, cache, gated: gated && { ...gated, qkvWidth: qkv.width } });
  return [attend, { launch, operands: gated ? [partials, out, qkv] : [partials, out] }];
}

function checkHeads(numHeads: number, { headDim, numKvHeads }: LayerCache): void {
  if (headDim % 2 !== 0 || headDim > MAX_HEAD_DIM) {
    throw engineError(
      'UnsupportedError',
      `Heads of ${headDim} channels: up to ${MAX_HEAD_DIM}, and even, are supported.`,
    );
  }
  if (numHeads % numKvHeads !== 0) {
    throw engineError('UnsupportedError', `${numHeads} query heads cannot share ${numKvHeads} key heads evenly.`);
  }
}
