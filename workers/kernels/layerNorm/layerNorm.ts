import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './layerNorm.wgsl?raw';

export interface LayerNormShape {
  columns: number;
  eps: number;
}

/** Layer norm of each row. Bindings: step, x, weight, bias, out. */
export function layerNorm({ columns, eps }: LayerNormShape): Launch {
  const widthQuads = paddedWidth(columns) / 4;
  return {
    kernel: {
      name: 'layerNorm',
      sources: [{ file: 'layerNorm.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { COLUMNS: columns, WIDTH_QUADS: widthQuads, EPS: eps, WORKGROUP_SIZE: widthQuads > 256 ? 128 : 32 },
    grid: (rows) => [1, rows, 1],
  };
}
