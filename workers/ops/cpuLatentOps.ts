import { latentKeyReference } from '../kernels/latentKey/latentKey.reference';
import { latentQueriesReference } from '../kernels/latentQueries/latentQueries.reference';
import { latentValuesReference } from '../kernels/latentValues/latentValues.reference';
import { unpackRow } from '../quant/unpack';
import type { Step } from './backend';
import { cpuBuffer } from './cpuBuffer';
import type { Matrix, Op, Tensor } from './graph';

/** Ops of latent attention. */
type LatentOp = Extract<Op, { kind: 'latentQueries' | 'latentKey' | 'latentValues' }>;

/** Binds an op to its memory; `floatsOf` gives that of an activation. */
export function prepareLatentOp(op: LatentOp, floatsOf: (tensor: Tensor) => Float32Array): (step: Step) => void {
  const out = floatsOf(op.out);
  const { heads } = op;
  const { width } = op.out;
  switch (op.kind) {
    case 'latentQueries': {
      const q = floatsOf(op.q);
      const shape = { ...heads, qWidth: op.q.width, width };
      const weightRow = rowReader(op.kvB);
      return ({ tokenIds }) => latentQueriesReference(q, weightRow, out, { ...shape, rows: tokenIds.length });
    }
    case 'latentKey': {
      const [x, weight] = [floatsOf(op.x), cpuBuffer(op.weight.buffer).floats];
      const shape = { ...heads, width, eps: op.eps };
      return ({ tokenIds }) => latentKeyReference(x, weight, out, { ...shape, rows: tokenIds.length });
    }
    case 'latentValues': {
      const attended = floatsOf(op.attended);
      const shape = { ...heads, xWidth: op.attended.width, width };
      const weightRow = rowReader(op.kvB);
      return ({ tokenIds }) => latentValuesReference(attended, weightRow, out, { ...shape, rows: tokenIds.length });
    }
  }
}

/** Reads rows of a matrix that lies in one shard. */
function rowReader({ format, columns, shards }: Matrix): (row: number, weights: Float32Array) => void {
  const { bytes } = cpuBuffer(shards[0]!.buffer);
  return (row, weights) => unpackRow(format, bytes, row, columns, weights, 0);
}
