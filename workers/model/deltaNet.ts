import type { Ops, RecurrentState, Tensor } from '../ops/graph';
import type { DeltaNetWeights } from './weights';

/**
 * Records Gated DeltaNet (Yang et al. 2024, "Gated Delta Networks: Improving Mamba2 with Delta Rule") as Qwen3.5 has it
 * (transformers' modeling_qwen3_5.py): queries, keys and values go through a short convolution, the gated delta rule reads
 * and changes `state` token by token, and what each value head gives is normed and gated.
 */
export function deltaNet(
  ops: Ops,
  weights: DeltaNetWeights,
  eps: number,
  state: RecurrentState,
  hiddenStates: Tensor,
): Tensor {
  const { numValueHeads: numHeads, valueHeadDim: headDim } = state;
  const qkv = ops.shortConvolution(ops.linear(hiddenStates, weights.qkvProj), weights.convolution, state);
  const gates = {
    decay: ops.linear(hiddenStates, weights.decayProj), // [rows, numValueHeads], as the next
    beta: ops.linear(hiddenStates, weights.betaProj),
    decayRate: weights.decayRate,
    decayBias: weights.decayBias,
  };
  const read = ops.deltaRule(qkv, gates, state); // [rows, numValueHeads · valueHeadDim]
  const heads = { numHeads, headDim, start: 0, stride: headDim };
  const normed = ops.headNorm(read, weights.valueNorm, eps, heads);
  const outputGates = ops.linear(hiddenStates, weights.outputGateProj);
  return ops.linear(ops.gateHeads(normed, outputGates, 'silu', heads), weights.outProj);
}
