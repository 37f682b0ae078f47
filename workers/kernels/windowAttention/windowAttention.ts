import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './windowAttention.wgsl?raw';

/** Rows of a window: those of a vector in the shader. */
export const WINDOW_ROWS = 4;

export interface WindowAttentionShape {
  numHeads: number;
  headDim: number;
  /** Factor on q · k, usually 1 / √headDim. */
  scale: number;
}

/** Softmax attention of each row over the four rows of its window. Bindings: step, q, k, v, out. */
export function windowAttention({ numHeads, headDim, scale }: WindowAttentionShape): Launch {
  return {
    kernel: {
      name: 'windowAttention',
      sources: [{ file: 'windowAttention.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { NUM_HEADS: numHeads, HEAD_DIM: headDim, WIDTH: paddedWidth(numHeads * headDim), SCALE: scale },
    grid: (rows) => [workgroupsFor(rows * numHeads, 64), 1, 1],
  };
}
