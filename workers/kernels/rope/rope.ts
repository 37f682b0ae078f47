import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './rope.wgsl?raw';

export interface RopeShape {
  numHeads: number;
  headDim: number;
  /** The first channels of a head, which rotate; all of them where absent. */
  rotaryDim?: number;
}

/** Rotary position embedding. Bindings: step, table, x, out. */
export function rope({ numHeads, headDim, rotaryDim = headDim }: RopeShape): Launch {
  const width = paddedWidth(numHeads * headDim);
  const pairs = (numHeads * rotaryDim) / 2;
  return {
    kernel: {
      name: 'rope',
      sources: [{ file: 'rope.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { PAIRS: pairs, HALF: rotaryDim / 2, HEAD_DIM: headDim, COLUMNS: numHeads * headDim, WIDTH: width },
    grid: (rows) => [workgroupsFor(width - pairs, 64), rows, 1],
  };
}
