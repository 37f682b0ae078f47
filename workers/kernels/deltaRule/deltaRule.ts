import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { deltaChannels, type DeltaHeads } from '../../memory/recurrentStateBytes';
import { paddedWidth } from '../../quant/layout';
import { DELTA_HEADS, deltaHeadConstants } from '../shared/deltaHeads';
import { SIGMOID } from '../shared/sigmoid';
import { STEP } from '../shared/step';
import text from './deltaRule.wgsl?raw';

/** Invocations that share the channels of a key. */
const PARTS = 8;
/** Columns of a state in one workgroup: few enough that it lies in workgroup memory. */
const COLUMNS = { narrow: 16, wide: 8 };
const WIDE_KEY = 128;

/**
 * The gated delta rule, row by row; the state is zero before position 0 and advances by the rows of the step.
 * Bindings: step, qkv, decay, beta, decay_rate, decay_bias, state, out.
 */
export function deltaRule(heads: DeltaHeads): Launch {
  const { numValueHeads, keyHeadDim, valueHeadDim } = heads;
  const columns = keyHeadDim > WIDE_KEY ? COLUMNS.wide : COLUMNS.narrow;
  return {
    kernel: {
      name: 'deltaRule',
      sources: [{ file: 'deltaRule.wgsl', text }, DELTA_HEADS, SIGMOID, STEP],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'read-only-storage',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'storage',
      ],
    },
    constants: {
      ...deltaHeadConstants(heads),
      QKV_WIDTH: paddedWidth(deltaChannels(heads)),
      GATE_WIDTH: paddedWidth(numValueHeads),
      COLUMNS: columns,
      PARTS,
      PART_CHANNELS: Math.ceil(keyHeadDim / PARTS),
    },
    grid: () => [workgroupsFor(valueHeadDim, columns), numValueHeads, 1],
  };
}
