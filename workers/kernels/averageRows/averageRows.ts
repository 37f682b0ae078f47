import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { STEP } from '../shared/step';
import text from './averageRows.wgsl?raw';

export interface AverageRowsShape {
  /** Rows of x that become one. */
  count: number;
  /** Of both, a multiple of 4. */
  width: number;
}

/** The mean of each `count` rows. Bindings: step, x, out. */
export function averageRows({ count, width }: AverageRowsShape): Launch {
  return {
    kernel: {
      name: 'averageRows',
      sources: [{ file: 'averageRows.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'storage'],
    },
    constants: { COUNT: count, WIDTH_QUADS: width / 4 },
    grid: (rows) => [workgroupsFor(width / 4, 64), rows, 1],
  };
}
