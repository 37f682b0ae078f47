import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './lastRow.wgsl?raw';

/** The last row in use of the `rows` that x has room for. `width` is a multiple of 4. Bindings: step, x, out. */
export function lastRow({ rows, width }: { rows: number; width: number }): Launch {
  return {
    kernel: {
      name: 'lastRow',
      sources: [{ file: 'lastRow.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'storage'],
    },
    constants: { ROWS: rows, WIDTH_QUADS: width / 4 },
    grid: () => [workgroupsFor(width / 4, 64), 1, 1],
  };
}
