import { linearGrid } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { sliceInvocations, SLICES } from '../shared/slices';
import { STEP } from '../shared/step';
import { weightPart } from '../shared/weightPart';
import text from './residualProjection.wgsl?raw';

export interface ResidualProjectionShape {
  format: MatrixFormat;
  rows: number;
  columns: number;
  /** Factor on the projection. */
  scale: number;
  variant?: KernelVariant;
}

/**
 * A projection of one row, the residual sum and the first half of the next RMSNorm.
 * Bindings: step, x, residual, norm_weight, out, weighted, squares, weights.
 */
export function residualProjection({ format, rows, columns, scale }: ResidualProjectionShape): Launch {
  const { tiles, blocks, tileBytes } = matrixLayout(format, rows, columns);
  return {
    kernel: {
      name: `residualProjection ${format}`,
      sources: [{ file: 'residualProjection.wgsl', text }, STEP, SLICES, weightPart(format, 'w', 7)],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'storage',
        'storage',
        'read-only-storage',
      ],
    },
    constants: {
      TILES: tiles,
      BLOCKS: blocks,
      SCALE: scale,
      TILE_UNITS_w: tileBytes / 16,
      WORKGROUP_SIZE: sliceInvocations(blocks),
    },
    grid: () => linearGrid(tiles),
  };
}
