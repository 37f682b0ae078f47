import { linearGrid } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { NORM_GAIN } from '../shared/normGain';
import { SIGMOID } from '../shared/sigmoid';
import { tileProducts } from '../shared/tileProducts';
import text from './gatedProjections.wgsl?raw';

export interface GatedProjectionsShape {
  gate: MatrixFormat;
  up: MatrixFormat;
  rows: number;
  columns: number;
  eps: number;
  /** Activation rows at most: 1 to 8. */
  batch: number;
  variant: KernelVariant;
}

/** RMSNorm's division, gate and up projection and SwiGLU on up to 8 rows. Bindings: step, x, squares, out, gate, up. */
export function gatedProjections({ gate, up, rows, columns, eps, batch, variant }: GatedProjectionsShape): Launch {
  const { tiles } = matrixLayout('f32', rows, columns);
  const parts = [
    { name: 'gate', format: gate, binding: 4 },
    { name: 'up', format: up, binding: 5 },
  ];
  const own = [{ file: 'gatedProjections.wgsl', text }, NORM_GAIN, SIGMOID];
  const { sources, constants, workgroups } = tileProducts(own, { parts, tiles, columns, batch, variant, together: 2 });
  return {
    kernel: {
      name: `gatedProjections ${gate} ${up}`,
      sources,
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'read-only-storage',
        'read-only-storage',
      ],
    },
    constants: { ...constants, TILES: tiles, COLUMNS: columns, EPS: eps, GAIN: 1 },
    grid: () => linearGrid(workgroups),
  };
}
