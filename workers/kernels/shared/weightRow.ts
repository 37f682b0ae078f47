import type { WgslSource } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { matrixLayout } from '../../quant/layout';
import { weightPart } from './weightPart';
import text from './weightRow.wgsl?raw';

/** The function `row_weights_<part>(row, block, quad)` of a matrix, its binding, and the override that it needs. */
export function weightRow(
  { format, rows, columns }: { format: MatrixFormat; rows: number; columns: number },
  part: string,
  binding: number,
): { sources: WgslSource[]; constants: Record<string, number> } {
  return {
    sources: weightPart(format, part, binding, [{ file: 'weightRow.wgsl', text }]),
    constants: { [`TILE_UNITS_${part}`]: matrixLayout(format, rows, columns).tileBytes / 16 },
  };
}
