import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout, paddedWidth } from '../../quant/layout';
import { STEP } from '../shared/step';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import text from './embedding.wgsl?raw';

export interface EmbeddingShape {
  format: MatrixFormat;
  /** The rows of the table that this shard holds. */
  rowStart: number;
  rows: number;
  columns: number;
  scale: number;
}

/** Looks up the tokens of one shard of an embedding table. Bindings: step, token_ids, weights, out. */
export function embedding({ format, rowStart, rows, columns, scale }: EmbeddingShape): Launch {
  const widthQuads = paddedWidth(columns) / 4;
  return {
    kernel: {
      name: `embedding ${format}`,
      sources: [{ file: 'embedding.wgsl', text }, STEP, ...WEIGHT_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      ROW_START: rowStart,
      ROWS: rows,
      COLUMNS: columns,
      WIDTH_QUADS: widthQuads,
      TILE_UNITS: matrixLayout(format, rows, columns).tileBytes / 16,
      SCALE: scale,
    },
    grid: (tokens) => [workgroupsFor(widthQuads, 64), tokens, 1],
  };
}
