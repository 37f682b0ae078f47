import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { SIGMOID } from '../shared/sigmoid';
import { STEP } from '../shared/step';
import text from './swiglu.wgsl?raw';

/** SiLU of the gate times up. `width` is a multiple of 4. Bindings: step, gate, up, out. */
export function swiglu({ width }: { width: number }): Launch {
  return {
    kernel: {
      name: 'swiglu',
      sources: [{ file: 'swiglu.wgsl', text }, SIGMOID, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: { WIDTH_QUADS: width / 4 },
    grid: (rows) => [workgroupsFor(width / 4, 64), rows, 1],
  };
}
