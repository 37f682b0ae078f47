import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { SIGMOID } from '../shared/sigmoid';
import { STEP } from '../shared/step';
import text from './gateHeads.wgsl?raw';

/** What a gate goes through: 1 / (1 + exp(−g)), or that times g. */
export type Gating = 'sigmoid' | 'silu';

export interface GateHeadsShape {
  numHeads: number;
  headDim: number;
  /** Columns in front of the first head's gates, from there to the next head's, and from one row to the next. */
  start: number;
  stride: number;
  gateWidth: number;
  gating: Gating;
}

/** Heads side by side times their gates, which lie among other columns. Bindings: step, x, gate, out. */
export function gateHeads({ numHeads, headDim, start, stride, gateWidth, gating }: GateHeadsShape): Launch {
  const width = paddedWidth(numHeads * headDim);
  return {
    kernel: {
      name: 'gateHeads',
      sources: [{ file: 'gateHeads.wgsl', text }, SIGMOID, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      COLUMNS: numHeads * headDim,
      HEAD_DIM: headDim,
      START: start,
      STRIDE: stride,
      GATE_WIDTH: gateWidth,
      WIDTH: width,
      SILU: gating === 'silu' ? 1 : 0,
    },
    grid: (rows) => [workgroupsFor(width, 64), rows, 1],
  };
}
