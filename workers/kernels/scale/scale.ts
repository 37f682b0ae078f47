import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './scale.wgsl?raw';

/** Every element times a constant. `width` is a multiple of 4. Bindings: step, x, out. */
export function scale({ width, factor }: { width: number; factor: number }): Launch {
  return {
    kernel: {
      name: 'scale',
      sources: [{ file: 'scale.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'storage'],
    },
    constants: { WIDTH_QUADS: width / 4, FACTOR: factor },
    grid: (rows) => [workgroupsFor(width / 4, 64), rows, 1],
  };
}
