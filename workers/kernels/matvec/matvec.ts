import { linearGrid } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { tileProducts } from '../shared/tileProducts';
import text from './matvec.wgsl?raw';

export interface MatvecShape {
  format: MatrixFormat;
  /** The rows of the matrix that this shard holds. */
  rowStart: number;
  rows: number;
  columns: number;
  outWidth: number;
  /** Activation rows at most: 1 to 8. */
  batch: number;
  variant: KernelVariant;
}

/** Up to 8 activation rows times one shard of a packed matrix. Bindings: step, weights, x, out. */
export function matvec({ format, rowStart, rows, columns, outWidth, batch, variant }: MatvecShape): Launch {
  const { tiles } = matrixLayout(format, rows, columns);
  const parts = [{ name: 'w', format, binding: 1 }];
  const { sources, constants, workgroups } = tileProducts([{ file: 'matvec.wgsl', text }], {
    parts,
    tiles,
    columns,
    batch,
    variant,
  });
  return {
    kernel: {
      name: `matvec ${format}`,
      sources,
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { ...constants, TILES: tiles, OUT_START: rowStart, OUT_WIDTH: outWidth },
    grid: () => linearGrid(workgroups),
  };
}
