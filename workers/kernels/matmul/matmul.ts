import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { STEP } from '../shared/step';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import text from './matmul.wgsl?raw';

export interface MatmulShape {
  format: MatrixFormat;
  /** The rows of the matrix that this shard holds. */
  rowStart: number;
  rows: number;
  columns: number;
  /** Row stride of `out` in floats. */
  outWidth: number;
  variant?: KernelVariant;
}

const TILE_ROWS = 32;

/** Activation rows times one shard of a packed matrix. Bindings: step, weights, x, out. */
export function matmul({ format, rowStart, rows, columns, outWidth }: MatmulShape): Launch {
  const { tiles, blocks, tileBytes } = matrixLayout(format, rows, columns);
  return {
    kernel: {
      name: `matmul ${format}`,
      sources: [{ file: 'matmul.wgsl', text }, STEP, WEIGHT_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { BLOCKS: blocks, TILE_UNITS: tileBytes / 16, OUT_START: rowStart, OUT_WIDTH: outWidth },
    grid: (xRows) => [tiles, workgroupsFor(xRows, TILE_ROWS), 1],
  };
}
