import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout, paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import text from './mixRows.wgsl?raw';

export interface MixRowsShape {
  format: MatrixFormat;
  /** Of the table, which lies in one shard. */
  rows: number;
  columns: number;
  /** Row stride of `mix` in floats. */
  mixWidth: number;
}

/** Weighted sums of a table's rows, few of whose weights are not zero. Bindings: step, mix, weights, out. */
export function mixRows({ format, rows, columns, mixWidth }: MixRowsShape): Launch {
  const widthQuads = paddedWidth(columns) / 4;
  return {
    kernel: {
      name: `mixRows ${format}`,
      sources: [{ file: 'mixRows.wgsl', text }, STEP, ...WEIGHT_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      ROWS: rows,
      COLUMNS: columns,
      MIX_WIDTH: mixWidth,
      WIDTH_QUADS: widthQuads,
      TILE_UNITS: matrixLayout(format, rows, columns).tileBytes / 16,
    },
    grid: (activationRows) => [workgroupsFor(widthQuads, 64), activationRows, 1],
  };
}
