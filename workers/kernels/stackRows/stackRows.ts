import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import text from './stackRows.wgsl?raw';

export interface StackRowsShape {
  /** Rows of x that become one. */
  count: number;
  columns: number;
}

/** Each `count` rows side by side in one, without what pads them. Bindings: step, x, out. */
export function stackRows({ count, columns }: StackRowsShape): Launch {
  const width = paddedWidth(count * columns);
  return {
    kernel: {
      name: 'stackRows',
      sources: [{ file: 'stackRows.wgsl', text }, STEP],
      bindings: ['uniform', 'read-only-storage', 'storage'],
    },
    constants: { COUNT: count, COLUMNS: columns, X_WIDTH: paddedWidth(columns), WIDTH: width },
    grid: (rows) => [workgroupsFor(width, 64), rows, 1],
  };
}
