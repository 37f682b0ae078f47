import { addReference } from '../kernels/add/add.reference';
import { attentionReference } from '../kernels/attention/attention.reference';
import { biasReference } from '../kernels/bias/bias.reference';
import { featureRowsReference } from '../kernels/featureRows/featureRows.reference';
import { kvAppendReference } from '../kernels/kvAppend/kvAppend.reference';
import { lastRowReference } from '../kernels/lastRow/lastRow.reference';
import { layerNormReference } from '../kernels/layerNorm/layerNorm.reference';
import { mixRowsReference } from '../kernels/mixRows/mixRows.reference';
import { rmsNormReference } from '../kernels/rmsNorm/rmsNorm.reference';
import { ropeReference } from '../kernels/rope/rope.reference';
import { scaleReference } from '../kernels/scale/scale.reference';
import { swigluReference } from '../kernels/swiglu/swiglu.reference';
import { linearReference } from '../quant/cpuLinear';
import { unpackMatrix, unpackRow } from '../quant/unpack';
import type { Step } from './backend';
import { cacheRows, cpuBuffer } from './cpuBuffer';
import { prepareHybridOp } from './cpuHybridOps';
import { prepareLatentOp } from './cpuLatentOps';
import type { Op, Tensor } from './graph';

/** Computes one op for one step. */
export type CpuOp = (step: Step) => void;

type OpOf<Kind extends Op['kind']> = Extract<Op, { kind: Kind }>;
type FloatsOf = (tensor: Tensor) => Float32Array;

/** Binds an op to its memory; `floatsOf` gives that of an activation. */
export function prepareOp(op: Op, floatsOf: FloatsOf): CpuOp {
  switch (op.kind) {
    case 'embedding':
      return prepareEmbedding(op, floatsOf);
    case 'linear':
      return prepareLinear(op, floatsOf);
    case 'rmsNorm':
      return prepareRmsNorm(op, floatsOf);
    case 'rope':
      return prepareRope(op, floatsOf);
    case 'kvAppend':
      return prepareKvAppend(op, floatsOf);
    case 'attention':
    case 'fullAttention':
      return prepareAttention(op, floatsOf);
    case 'mixRows':
    case 'layerNorm':
    case 'bias':
      return prepareVisionOp(op, floatsOf);
    case 'headNorm':
    case 'gateHeads':
    case 'shortConvolution':
    case 'deltaRule':
    case 'stackRows':
    case 'averageRows':
    case 'windowAttention':
      return prepareHybridOp(op, floatsOf);
    case 'latentQueries':
    case 'latentKey':
    case 'latentValues':
      return prepareLatentOp(op, floatsOf);
    default:
      return prepareElementwise(op, floatsOf);
  }
}

/** Rows in use of an activation: the step's, or the one that lastRow left. */
function rowsInUse(tensor: Tensor, { tokenIds }: Step): number {
  return Math.min(tensor.rows, tokenIds.length);
}

function prepareEmbedding({ table, scale, features, out }: OpOf<'embedding'>, floatsOf: FloatsOf): CpuOp {
  const { format, columns } = table;
  const outFloats = floatsOf(out);
  const featureShape = { firstId: table.rows, rows: features?.rows ?? 0, width: out.width };
  return ({ tokenIds }) => {
    if (features) featureRowsReference(tokenIds, cpuBuffer(features.buffer).floats, outFloats, featureShape);
    for (let m = 0; m < tokenIds.length; m++) {
      const id = tokenIds[m]!;
      if (id >= table.rows) continue;
      const shard = table.shards.find(({ rowStart, rows }) => id >= rowStart && id < rowStart + rows)!;
      const row = outFloats.subarray(m * out.width, (m + 1) * out.width);
      unpackRow(format, cpuBuffer(shard.buffer).bytes, id - shard.rowStart, columns, row, 0);
      for (let c = 0; c < columns; c++) row[c]! *= scale;
      row.fill(0, columns);
    }
  };
}

function prepareLinear({ x, weight, out }: OpOf<'linear'>, floatsOf: FloatsOf): CpuOp {
  const [xFloats, outFloats] = [floatsOf(x), floatsOf(out)];
  const { format, columns, shards } = weight;
  return (step) => {
    const rows = rowsInUse(x, step);
    for (const { rowStart, rows: shardRows, buffer } of shards) {
      const { bytes } = cpuBuffer(buffer);
      linearReference(format, bytes, shardRows, columns, xFloats, x.width, rows, outFloats, out.width, rowStart);
    }
    for (let m = 0; m < rows; m++) outFloats.fill(0, m * out.width + weight.rows, (m + 1) * out.width);
  };
}

function prepareRmsNorm({ x, weight, eps, out }: OpOf<'rmsNorm'>, floatsOf: FloatsOf): CpuOp {
  const [xFloats, outFloats] = [floatsOf(x), floatsOf(out)];
  const { floats: weightFloats } = cpuBuffer(weight.buffer);
  const { width } = out;
  return (step) => {
    const shape = { rows: rowsInUse(x, step), columns: weight.length, width, eps };
    rmsNormReference(xFloats, weightFloats, outFloats, shape);
  };
}

function prepareRope({ x, table, numHeads, headDim, out }: OpOf<'rope'>, floatsOf: FloatsOf): CpuOp {
  const [xFloats, outFloats] = [floatsOf(x), floatsOf(out)];
  const { floats: tableFloats } = cpuBuffer(table.buffer);
  const { headDim: rotaryDim } = table;
  const { width } = out;
  return (step) => {
    const shape = { rows: rowsInUse(x, step), numHeads, headDim, rotaryDim, width, position: step.position };
    ropeReference(tableFloats, xFloats, outFloats, shape);
  };
}

function prepareKvAppend({ k, v, cache }: OpOf<'kvAppend'>, floatsOf: FloatsOf): CpuOp {
  const [kFloats, vFloats] = [floatsOf(k), floatsOf(v)];
  const { keys, values } = cacheRows(cache);
  return (step) => {
    const shape = { rows: rowsInUse(k, step), width: k.width, position: step.position };
    kvAppendReference(kFloats, keys, shape);
    kvAppendReference(vFloats, values, shape);
  };
}

function prepareAttention(op: OpOf<'attention' | 'fullAttention'>, floatsOf: FloatsOf): CpuOp {
  const { q, cache, numHeads, scale, out } = op;
  const seen = op.kind === 'attention' ? ('causal' as const) : op.seen;
  const [qFloats, outFloats] = [floatsOf(q), floatsOf(out)];
  const { keys, values } = cacheRows(cache);
  const { width } = out;
  return (step) => {
    const shape = { rows: rowsInUse(q, step), width, numHeads, scale, position: step.position, seen };
    attentionReference(qFloats, keys, values, outFloats, shape);
  };
}

function prepareVisionOp(op: OpOf<'mixRows' | 'layerNorm' | 'bias'>, floatsOf: FloatsOf): CpuOp {
  const out = floatsOf(op.out);
  const { width } = op.out;
  const rows = (step: Step) => rowsInUse(op.out, step);
  switch (op.kind) {
    case 'mixRows': {
      const { format, rows: tableRows, columns } = op.table;
      const mix = floatsOf(op.mix);
      const { bytes } = cpuBuffer(op.table.shards[0]!.buffer);
      const sizes = { tableRows, columns, mixWidth: op.mix.width, width };
      return (step) => {
        const table = unpackMatrix(format, bytes, tableRows, columns);
        mixRowsReference(mix, table, out, { ...sizes, rows: rows(step) });
      };
    }
    case 'layerNorm': {
      const [x, weight, bias] = [floatsOf(op.x), cpuBuffer(op.weight.buffer).floats, cpuBuffer(op.bias.buffer).floats];
      const { eps } = op;
      const columns = op.weight.length;
      return (step) => layerNormReference(x, weight, bias, out, { rows: rows(step), columns, width, eps });
    }
    case 'bias': {
      const [x, bias] = [floatsOf(op.x), cpuBuffer(op.bias.buffer).floats];
      return (step) => biasReference(x, bias, out, { rows: rows(step), width, activation: op.activation });
    }
  }
}

function prepareElementwise(op: OpOf<'add' | 'swiglu' | 'scale' | 'lastRow'>, floatsOf: FloatsOf): CpuOp {
  const out = floatsOf(op.out);
  const { width } = op.out;
  const count = (step: Step) => rowsInUse(op.out, step) * width;
  switch (op.kind) {
    case 'add': {
      const [residual, branch] = [floatsOf(op.residual), floatsOf(op.branch)];
      return (step) => addReference(residual, branch, out, { count: count(step), scale: op.scale });
    }
    case 'swiglu': {
      const [gate, up] = [floatsOf(op.gate), floatsOf(op.up)];
      return (step) => swigluReference(gate, up, out, { count: count(step) });
    }
    case 'scale': {
      const x = floatsOf(op.x);
      return (step) => scaleReference(x, out, { count: count(step), factor: op.factor });
    }
    case 'lastRow': {
      const x = floatsOf(op.x);
      return (step) => lastRowReference(x, out, { rows: rowsInUse(op.x, step), width });
    }
  }
}
