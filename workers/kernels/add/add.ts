import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './add.wgsl?raw';

/** Residual plus scaled branch. `width` is a multiple of 4. Bindings: step, residual, branch, out. */
export function add({ width, scale }: { width: number; scale: number }): Launch {
  return {
    kernel: {
      name: 'add',
      sources: [{ file: 'add.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { WIDTH_QUADS: width / 4, SCALE: scale },
    grid: (rows) => [workgroupsFor(width / 4, 64), rows, 1],
  };
}
