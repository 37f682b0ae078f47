import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './rmsNorm.wgsl?raw';

export interface RmsNormShape {
  columns: number;
  eps: number;
}

/** Root-mean-square norm of each row. Bindings: step, x, weight, out. */
export function rmsNorm({ columns, eps }: RmsNormShape): Launch {
  const widthQuads = paddedWidth(columns) / 4;
  return {
    kernel: {
      name: 'rmsNorm',
      sources: [{ file: 'rmsNorm.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { COLUMNS: columns, WIDTH_QUADS: widthQuads, EPS: eps, WORKGROUP_SIZE: widthQuads > 256 ? 128 : 32 },
    grid: (rows) => [1, rows, 1],
  };
}
