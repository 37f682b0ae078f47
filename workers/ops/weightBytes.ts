import { matrixLayout } from '../quant/layout';
import type { Graph } from './graph';

/** Bytes of weights that one run of a graph reads. Embedding rows are looked up, too few to count. */
export function weightBytes({ ops }: Graph): number {
  let bytes = 0;
  for (const op of ops) {
    if (op.kind === 'linear') bytes += matrixLayout(op.weight.format, op.weight.rows, op.weight.columns).bytes;
    // Its key rows are read by latentQueries, its value rows by this.
    if (op.kind === 'latentValues') bytes += matrixLayout(op.kvB.format, op.kvB.rows, op.kvB.columns).bytes;
    if (op.kind === 'rmsNorm' || op.kind === 'latentKey' || op.kind === 'headNorm' || op.kind === 'shortConvolution')
      bytes += op.weight.length * 4;
    if (op.kind === 'layerNorm') bytes += 2 * op.weight.length * 4;
    if (op.kind === 'bias') bytes += op.bias.length * 4;
  }
  return bytes;
}
