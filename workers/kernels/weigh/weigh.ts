import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './weigh.wgsl?raw';

/** The first half of RMSNorm on rows of `width` floats. Bindings: step, x, weight, weighted, squares. */
export function weigh({ width }: { width: number }): Launch {
  const blocks = width / 32;
  return {
    kernel: {
      name: 'weigh',
      sources: [{ file: 'weigh.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage'],
    },
    constants: { BLOCKS: blocks },
    grid: (rows) => [workgroupsFor(rows * blocks, 64), 1, 1],
  };
}
