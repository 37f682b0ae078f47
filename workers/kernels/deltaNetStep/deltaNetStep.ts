import type { Launch } from '../../gpu/kernel';
import { deltaChannels, type DeltaHeads } from '../../memory/recurrentStateBytes';
import { DELTA_HEADS, deltaHeadConstants } from '../shared/deltaHeads';
import { repeatLines } from '../shared/repeatLines';
import { SIGMOID } from '../shared/sigmoid';
import { STEP } from '../shared/step';
import text from './deltaNetStep.wgsl?raw';

/** Its valueHeadDim is a multiple of VALUE_QUAD. */
export interface DeltaNetStepShape extends DeltaHeads {
  /** Tokens that the convolution sees. */
  taps: number;
  /** Where, in x, what comes behind queries, keys and values begins: each a multiple of whole blocks. */
  decayStart: number;
  betaStart: number;
  gateStart: number;
  eps: number;
}

/** Channels of a value that are read at once. */
export const VALUE_QUAD = 4;

const MOST_INVOCATIONS = 256;
/** Invocations that share the channels of a key: each adds up what all of them have found. */
const MOST_PARTS = 8;
/** Quads of a state that are loaded before any is waited for. */
const LOADED_QUADS = 8;

/**
 * Convolution, gated delta rule, norm and gates of one token; the states advance by it.
 * Bindings: step, x, convolution, recent, decay_rate, decay_bias, norm_weight, state, out.
 */
export function deltaNetStep(shape: DeltaNetStepShape): Launch {
  const { numKeyHeads, keyHeadDim, valueHeadDim, taps, decayStart, betaStart, gateStart, eps } = shape;
  return {
    kernel: {
      name: 'deltaNetStep',
      sources: [
        repeatLines({ file: 'deltaNetStep.wgsl', text }, { n: LOADED_QUADS, t: taps - 1 }),
        DELTA_HEADS,
        SIGMOID,
        STEP,
      ],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'read-only-storage',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'storage',
      ],
    },
    constants: {
      ...deltaHeadConstants(shape),
      DECAY_START: decayStart,
      BETA_START: betaStart,
      GATE_START: gateStart,
      CHANNELS: deltaChannels(shape),
      TAPS: taps,
      PARTS: keyParts(keyHeadDim, valueHeadDim / VALUE_QUAD),
      NORM_EPS: eps,
    },
    grid: () => [numKeyHeads, 1, 1],
  };
}

/** Equal parts of a key, as many as there are invocations for. */
function keyParts(keyHeadDim: number, quads: number): number {
  let parts = Math.min(MOST_PARTS, Math.floor(MOST_INVOCATIONS / quads));
  while (keyHeadDim % parts !== 0) parts--;
  return parts;
}
