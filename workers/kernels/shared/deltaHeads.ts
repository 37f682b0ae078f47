import type { WgslSource } from '../../gpu/kernel';
import type { DeltaHeads } from '../../memory/recurrentStateBytes';
import { paddedWidth } from '../../quant/layout';
import text from './deltaHeads.wgsl?raw';

/** Declares where queries, keys and values of the gated delta rule lie, and how much of a state is kept. */
export const DELTA_HEADS: WgslSource = { file: 'deltaHeads.wgsl', text };

/** Values of the overrides of DELTA_HEADS. */
export function deltaHeadConstants(heads: DeltaHeads): Record<string, number> {
  const { numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim } = heads;
  return {
    VALUE_HEADS: numValueHeads,
    HEADS_PER_KEY_HEAD: numValueHeads / numKeyHeads,
    KEY_DIM: keyHeadDim,
    VALUE_DIM: valueHeadDim,
    K_START: numKeyHeads * keyHeadDim,
    V_START: 2 * numKeyHeads * keyHeadDim,
    WIDTH: paddedWidth(numValueHeads * valueHeadDim),
  };
}
