import type { FusedOp } from './fusedOps';
import type { Op, Tensor } from './graph';

/** The activations that an op reads. */
export function opInputs(op: Op | FusedOp): Tensor[] {
  switch (op.kind) {
    case 'embedding':
      return [];
    case 'kvAppend':
      return [op.k, op.v];
    case 'attention':
    case 'fullAttention':
      return [op.q];
    case 'mixRows':
      return [op.mix];
    case 'add':
      return [op.residual, op.branch];
    case 'swiglu':
      return [op.gate, op.up];
    case 'gateHeads':
      return [op.x, op.gate];
    case 'latentQueries':
      return [op.q];
    case 'latentValues':
      return [op.attended];
    case 'deltaRule':
      return [op.qkv, op.decay, op.beta];
    case 'windowAttention':
      return [op.q, op.k, op.v];
    case 'projections':
    case 'gatedProjections':
      return [op.x.weighted, op.x.squares];
    case 'cachedAttention':
      return [op.qkv];
    case 'residualProjection':
      return [op.x, op.residual];
    case 'rmsNorm':
    case 'layerNorm':
    case 'bias':
    case 'linear':
    case 'rope':
    case 'headNorm':
    case 'shortConvolution':
    case 'stackRows':
    case 'averageRows':
    case 'scale':
    case 'lastRow':
    case 'weigh':
    case 'deltaNetStep':
    case 'latentKey':
    case 'latentStep':
      return [op.x];
  }
}

/** The activations that an op writes; kvAppend writes to the cache alone. */
export function opOutputs(op: Op | FusedOp): Tensor[] {
  switch (op.kind) {
    case 'kvAppend':
      return [];
    case 'weigh':
      return [op.normed.weighted, op.normed.squares];
    case 'cachedAttention':
      return [op.out, op.partials];
    case 'residualProjection':
      return [op.out, op.normed.weighted, op.normed.squares];
    default:
      return [op.out];
  }
}
