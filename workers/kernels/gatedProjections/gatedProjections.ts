import { linearGrid } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { KernelVariant } from '../../protocol';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { NORM_GAIN } from '../shared/normGain';
import { sliceInvocations, SLICES } from '../shared/slices';
import { STEP } from '../shared/step';
import { weightPart } from '../shared/weightPart';
import text from './gatedProjections.wgsl?raw';

export interface GatedProjectionsShape {
  gate: MatrixFormat;
  up: MatrixFormat;
  rows: number;
  columns: number;
  eps: number;
  variant?: KernelVariant;
}

/** RMSNorm's division, gate and up projection and SwiGLU on one row. Bindings: step, x, squares, out, gate, up. */
export function gatedProjections({ gate, up, rows, columns, eps }: GatedProjectionsShape): Launch {
  const { tiles, blocks } = matrixLayout('f32', rows, columns);
  return {
    kernel: {
      name: `gatedProjections ${gate} ${up}`,
      sources: [
        { file: 'gatedProjections.wgsl', text },
        STEP,
        SLICES,
        NORM_GAIN,
        weightPart(gate, 'gate', 4),
        weightPart(up, 'up', 5),
      ],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'read-only-storage',
        'read-only-storage',
      ],
    },
    constants: {
      TILES: tiles,
      BLOCKS: blocks,
      COLUMNS: columns,
      EPS: eps,
      GAIN: 1,
      TILE_UNITS_gate: matrixLayout(gate, rows, columns).tileBytes / 16,
      TILE_UNITS_up: matrixLayout(up, rows, columns).tileBytes / 16,
      WORKGROUP_SIZE: sliceInvocations(blocks),
    },
    grid: () => linearGrid(tiles),
  };
}
