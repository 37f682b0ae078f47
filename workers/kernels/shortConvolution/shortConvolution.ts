import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { SIGMOID } from '../shared/sigmoid';
import { STEP } from '../shared/step';
import text from './shortConvolution.wgsl?raw';

export interface ShortConvolutionShape {
  channels: number;
  /** Tokens that an output sees, its own included. */
  taps: number;
}

/**
 * Causal convolution of each channel over the tokens, and SiLU; the state is zero before position 0 and advances by the
 * rows of the step. Bindings: step, x, weight, state, out.
 */
export function shortConvolution({ channels, taps }: ShortConvolutionShape): Launch {
  const width = paddedWidth(channels);
  return {
    kernel: {
      name: 'shortConvolution',
      sources: [{ file: 'shortConvolution.wgsl', text }, SIGMOID, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage'],
    },
    constants: { CHANNELS: channels, WIDTH: width, TAPS: taps },
    grid: () => [workgroupsFor(width, 64), 1, 1],
  };
}
