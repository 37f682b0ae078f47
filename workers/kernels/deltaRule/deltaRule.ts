import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './deltaRule.wgsl?raw';

export interface DeltaRuleShape {
  numKeyHeads: number;
  /** A multiple of the key heads. */
  numValueHeads: number;
  /** At most 256 each. */
  keyHeadDim: number;
  valueHeadDim: number;
}

/** Invocations that share the channels of a key. */
const PARTS = 8;
/** Columns of a state in one workgroup: few enough that it lies in workgroup memory. */
const COLUMNS = { narrow: 16, wide: 8 };
const WIDE_KEY = 128;

/**
 * The gated delta rule, row by row; the state is zero before position 0 and advances by the rows of the step.
 * Bindings: step, qkv, decay, beta, decay_rate, decay_bias, state, out.
 */
export function deltaRule(shape: DeltaRuleShape): Launch {
  const { numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim } = shape;
  const columns = keyHeadDim > WIDE_KEY ? COLUMNS.wide : COLUMNS.narrow;
  return {
    kernel: {
      name: 'deltaRule',
      sources: [{ file: 'deltaRule.wgsl', text }, STEP],
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
      VALUE_HEADS: numValueHeads,
      HEADS_PER_KEY_HEAD: numValueHeads / numKeyHeads,
      KEY_DIM: keyHeadDim,
      VALUE_DIM: valueHeadDim,
      K_START: numKeyHeads * keyHeadDim,
      V_START: 2 * numKeyHeads * keyHeadDim,
      QKV_WIDTH: paddedWidth(2 * numKeyHeads * keyHeadDim + numValueHeads * valueHeadDim),
      GATE_WIDTH: paddedWidth(numValueHeads),
      WIDTH: paddedWidth(numValueHeads * valueHeadDim),
      COLUMNS: columns,
      PARTS,
      PART_CHANNELS: Math.ceil(keyHeadDim / PARTS),
    },
    grid: () => [workgroupsFor(valueHeadDim, columns), numValueHeads, 1],
  };
}
