import { linearGrid } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { tileProducts } from '../shared/tileProducts';
import text from './residualProjection.wgsl?raw';

export interface ResidualProjectionShape {
  format: MatrixFormat;
  rows: number;
  columns: number;
  /** Factor on the projection. */
  scale: number;
  /** Activation rows at most: 1 to 8. */
  batch: number;
  variant: KernelVariant;
}

/**
 * A projection of up to 8 rows, the residual sum and the first half of the next RMSNorm.
 * Bindings: step, x, residual, norm_weight, out, weighted, squares, weights.
 */
export function residualProjection(shape: ResidualProjectionShape): Launch {
  const { format, rows, columns, scale, batch, variant } = shape;
  const { tiles } = matrixLayout(format, rows, columns);
  const parts = [{ name: 'w', format, binding: 7 }];
  const own = [{ file: 'residualProjection.wgsl', text }];
  const { sources, constants, workgroups } = tileProducts(own, { parts, tiles, columns, batch, variant });
  return {
    kernel: {
      name: `residualProjection ${format}`,
      sources,
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
    constants: { ...constants, TILES: tiles, SCALE: scale },
    grid: () => linearGrid(workgroups),
  };
}
