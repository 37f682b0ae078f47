import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './headNorm.wgsl?raw';

export interface HeadNormShape {
  numHeads: number;
  headDim: number;
  /** Columns from one head of x to the next, and from one row to the next. */
  stride: number;
  xWidth: number;
  eps: number;
}

const WORKGROUP_SIZE = 32;

/** Root-mean-square norm of each head of each row. Bindings: step, x, weight, out. */
export function headNorm({ numHeads, headDim, stride, xWidth, eps }: HeadNormShape): Launch {
  return {
    kernel: {
      name: 'headNorm',
      sources: [{ file: 'headNorm.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      NUM_HEADS: numHeads,
      HEAD_DIM: headDim,
      STRIDE: stride,
      X_WIDTH: xWidth,
      WIDTH: paddedWidth(numHeads * headDim),
      EPS: eps,
      WORKGROUP_SIZE,
    },
    grid: (rows) => [numHeads, rows, 1],
  };
}
