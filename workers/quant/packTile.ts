import { packInt4 } from './int4';
import { packInt8 } from './int8';
import { packFloat16, packFloat32 } from './float';
import type { MatrixFormat } from './layout';
import { matrixLayout, TILE_ROWS } from './layout';

/** The formats that float weights can be packed into. */
export type FloatTargetFormat = Exclude<MatrixFormat, 'int4-affine' | 'int8-affine'>;

const packers = { int4: packInt4, int8: packInt8, f16: packFloat16, f32: packFloat32 };

/**
 * Packs up to 32 rows of float weights, [rowCount, columns] row-major, into one tile of `matrixLayout(…).tileBytes` bytes
 * at `out[outOffset]`; what was there before is overwritten. Missing rows become zero weights. The same weights give the
 * same bytes on every machine. Weights saturate at ±65504 in f16, ±16312 in int4 and ±8124 in int8, the limits of their
 * scales; where all are below 1e-5, int4 and int8 lose precision and end at zero.
 * Throws RangeError naming row and column of a NaN or infinity, and if the arguments do not fit each other.
 */
export function packTile(
  format: FloatTargetFormat,
  rows: Float32Array,
  rowCount: number,
  columns: number,
  out: Uint8Array,
  outOffset: number,
): void {
  if (rowCount > TILE_ROWS || rows.length < rowCount * columns) {
    throw new RangeError(
      `${rows.length} weights given for ${rowCount} rows of ${columns}; a tile has ${TILE_ROWS} rows`,
    );
  }
  const layout = matrixLayout(format, TILE_ROWS, columns);
  if (out.length < outOffset + layout.tileBytes) {
    throw new RangeError(`a tile of ${layout.tileBytes} bytes does not fit ${out.length} bytes at ${outOffset}`);
  }
  requireFinite(rows, rowCount, columns);
  const tile = out.subarray(outOffset, outOffset + layout.tileBytes).fill(0);
  packers[format](rows, rowCount, layout, tile);
}

function requireFinite(rows: Float32Array, rowCount: number, columns: number): void {
  const count = rowCount * columns;
  let zero = 0;
  for (let i = 0; i < count; i++) zero += rows[i]! * 0;
  if (zero === 0) return;
  const bad = rows.findIndex((weight) => !Number.isFinite(weight));
  throw new RangeError(`the weight in row ${Math.floor(bad / columns)}, column ${bad % columns} is ${rows[bad]}`);
}
