import { averageRowsReference } from '../kernels/averageRows/averageRows.reference';
import { deltaRuleReference } from '../kernels/deltaRule/deltaRule.reference';
import { gateHeadsReference } from '../kernels/gateHeads/gateHeads.reference';
import { headNormReference } from '../kernels/headNorm/headNorm.reference';
import { shortConvolutionReference } from '../kernels/shortConvolution/shortConvolution.reference';
import { stackRowsReference } from '../kernels/stackRows/stackRows.reference';
import { windowAttentionReference } from '../kernels/windowAttention/windowAttention.reference';
import type { Step } from './backend';
import { cpuBuffer } from './cpuBuffer';
import type { Op, Tensor } from './graph';

/** Ops of layers with a recurrent state, and of vision towers that merge rows. */
type HybridOp = Extract<
  Op,
  {
    kind: 'headNorm' | 'gateHeads' | 'shortConvolution' | 'deltaRule' | 'stackRows' | 'averageRows' | 'windowAttention';
  }
>;

/** Binds an op to its memory; `floatsOf` gives that of an activation. */
export function prepareHybridOp(op: HybridOp, floatsOf: (tensor: Tensor) => Float32Array): (step: Step) => void {
  const out = floatsOf(op.out);
  const { width } = op.out;
  switch (op.kind) {
    case 'headNorm': {
      const { heads, eps } = op;
      const [x, weight] = [floatsOf(op.x), cpuBuffer(op.weight.buffer).floats];
      const shape = { ...heads, xWidth: op.x.width, width, eps };
      return ({ tokenIds }) => headNormReference(x, weight, out, { ...shape, rows: tokenIds.length });
    }
    case 'gateHeads': {
      const { heads, gating } = op;
      const [x, gate] = [floatsOf(op.x), floatsOf(op.gate)];
      const shape = { ...heads, gateWidth: op.gate.width, width, gating };
      return ({ tokenIds }) => gateHeadsReference(x, gate, out, { ...shape, rows: tokenIds.length });
    }
    case 'shortConvolution': {
      const { taps, recent } = op.state;
      const [x, weight] = [floatsOf(op.x), cpuBuffer(op.weight.buffer).floats];
      const shape = { channels: op.weight.length / taps, width, taps };
      return ({ tokenIds, position }) =>
        shortConvolutionReference(x, weight, cpuBuffer(recent).floats, out, {
          ...shape,
          position,
          rows: tokenIds.length,
        });
    }
    case 'deltaRule': {
      const { state } = op;
      const gates = {
        decay: floatsOf(op.decay),
        beta: floatsOf(op.beta),
        decayRate: cpuBuffer(op.decayRate.buffer).floats,
        decayBias: cpuBuffer(op.decayBias.buffer).floats,
      };
      const qkv = floatsOf(op.qkv);
      const shape = { ...state, qkvWidth: op.qkv.width, gateWidth: op.decay.width, width };
      const floats = state.numValueHeads * state.keyHeadDim * state.valueHeadDim;
      const memory = cpuBuffer(state.memory).floats.subarray(0, floats);
      return ({ tokenIds, position }) =>
        deltaRuleReference(qkv, gates, memory, out, { ...shape, position, rows: tokenIds.length });
    }
    case 'stackRows': {
      const { count, columns } = op;
      const x = floatsOf(op.x);
      const shape = { count, columns, xWidth: op.x.width, width };
      return ({ tokenIds }) => stackRowsReference(x, out, { ...shape, rows: tokenIds.length });
    }
    case 'averageRows': {
      const x = floatsOf(op.x);
      return ({ tokenIds }) => averageRowsReference(x, out, { count: op.count, width, rows: tokenIds.length });
    }
    case 'windowAttention': {
      const [q, k, v] = [floatsOf(op.q), floatsOf(op.k), floatsOf(op.v)];
      return ({ tokenIds }) => windowAttentionReference(q, k, v, out, { ...op, width, rows: tokenIds.length });
    }
  }
}
