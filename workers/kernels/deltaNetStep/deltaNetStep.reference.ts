import { deltaChannels } from '../../memory/recurrentStateBytes';
import { paddedWidth } from '../../quant/layout';
import { deltaRuleReference } from '../deltaRule/deltaRule.reference';
import { gateHeadsReference } from '../gateHeads/gateHeads.reference';
import { headNormReference } from '../headNorm/headNorm.reference';
import { shortConvolutionReference } from '../shortConvolution/shortConvolution.reference';
import type { DeltaNetStepShape } from './deltaNetStep';

/** Vectors of a layer. */
export interface DeltaNetVectors {
  convolution: Float32Array;
  decayRate: Float32Array;
  decayBias: Float32Array;
  norm: Float32Array;
}

/** Convolution, delta rule, norm and gates of the token at `position`. [value heads · valueHeadDim in whole blocks] */
export function deltaNetStepReference(
  x: Float32Array,
  { convolution, decayRate, decayBias, norm }: DeltaNetVectors,
  { recent, memory }: { recent: Float32Array; memory: Float32Array },
  shape: DeltaNetStepShape,
  position: number,
): Float32Array {
  const { numValueHeads, valueHeadDim, taps, decayStart, betaStart, gateStart, eps } = shape;
  const channels = deltaChannels(shape);
  const [qkvWidth, width] = [paddedWidth(channels), paddedWidth(numValueHeads * valueHeadDim)];
  const gateWidth = paddedWidth(numValueHeads);
  const heads = { rows: 1, numHeads: numValueHeads, headDim: valueHeadDim, stride: valueHeadDim, width };
  const qkv = new Float32Array(qkvWidth);
  shortConvolutionReference(x, convolution, recent, qkv, { rows: 1, channels, width: qkvWidth, taps, position });
  const [read, out] = [new Float32Array(width), new Float32Array(width)];
  const gates = { decay: x.subarray(decayStart), beta: x.subarray(betaStart), decayRate, decayBias };
  deltaRuleReference(qkv, gates, memory, read, { ...shape, rows: 1, qkvWidth, gateWidth, width, position });
  headNormReference(read, norm, out, { ...heads, xWidth: width, eps });
  gateHeadsReference(out, x.subarray(gateStart), out, { ...heads, start: 0, gateWidth: width, gating: 'silu' });
  return out;
}
