import { linearGrid } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { STEP } from '../shared/step';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import text from './matvec.wgsl?raw';

export interface MatvecShape {
  format: MatrixFormat;
  /** The rows of the matrix that this shard holds. */
  rowStart: number;
  rows: number;
  columns: number;
  variant?: KernelVariant;
}

const MOST_SLICES = 8;
/** Blocks that keep a slice busy for longer than adding up the slices takes. */
const LEAST_BLOCKS = 4;

/** One activation row times one shard of a packed matrix. Bindings: step, weights, x, out. */
export function matvec({ format, rowStart, rows, columns }: MatvecShape): Launch {
  const { tiles, blocks, tileBytes } = matrixLayout(format, rows, columns);
  const slices = Math.min(MOST_SLICES, 2 ** Math.max(0, Math.floor(Math.log2(blocks / LEAST_BLOCKS))));
  return {
    kernel: {
      name: `matvec ${format}`,
      sources: [{ file: 'matvec.wgsl', text }, STEP, WEIGHT_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      TILES: tiles,
      BLOCKS: blocks,
      TILE_UNITS: tileBytes / 16,
      OUT_START: rowStart,
      WORKGROUP_SIZE: 32 * slices,
    },
    grid: () => linearGrid(tiles),
  };
}
