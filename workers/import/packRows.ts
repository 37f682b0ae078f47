import type { GgmlType } from '../quant/ggml';
import { dequantizeGgml, GGML_TYPES, repackGgmlTile } from '../quant/ggml';
import { GROUPED_INT4, MIXED_INT4 } from '../quant/groupedInt4';
import { matrixLayout, TILE_ROWS } from '../quant/layout';
import { packTile } from '../quant/packTile';
import type { StoredFormat } from './formats';

/** Some rows of a matrix as its file has them, and what they become; plain data, to be sent to another thread. */
export interface RowsToPack {
  /** The name of a GgmlType. */
  type: string;
  stored: StoredFormat;
  rowCount: number;
  columns: number;
  rows: Uint8Array<ArrayBuffer>;
}

const TYPES: ReadonlyMap<string, GgmlType> = new Map(
  [...Object.values(GGML_TYPES), GROUPED_INT4, MIXED_INT4].map((type) => [type.name, type]),
);

/** Packs rows, the first of which begins a tile, into whole tiles. Throws RangeError for weights that are no numbers. */
export function packRows({ type: name, stored, rowCount, columns, rows }: RowsToPack): Uint8Array<ArrayBuffer> {
  const type = TYPES.get(name)!;
  const { bytes, tileBytes } = matrixLayout(stored.format, rowCount, columns);
  const rowBytes = rows.length / rowCount;
  const out = new Uint8Array(bytes);
  for (let row = 0, at = 0; row < rowCount; row += TILE_ROWS, at += tileBytes) {
    const count = Math.min(TILE_ROWS, rowCount - row);
    const tile = rows.subarray(row * rowBytes, (row + count) * rowBytes);
    if (stored.keepsCodes) {
      repackGgmlTile(type, tile, count, columns, out, at);
    } else {
      packTile(stored.format, dequantizeGgml(type, tile, count * columns), count, columns, out, at);
    }
  }
  return out;
}
