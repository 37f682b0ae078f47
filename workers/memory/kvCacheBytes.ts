import type { KvCacheFormat } from '../protocol/loading';

/** Tokens whose keys stand side by side. */
export const KEY_TILE = 32;

/** Of four channels. */
export const QUAD_BYTES: Record<KvCacheFormat, number> = { f32: 16, f16: 8, int8: 4 };
const SCALE_BYTES: Record<KvCacheFormat, number> = { f32: 0, f16: 0, int8: 4 };

/** Quads of four consecutive channels in one head's row. */
export function headQuads(headDim: number): number {
  return Math.ceil(headDim / 4);
}

/** Rows per head that a cache for `capacity` tokens holds. */
export function headRows(capacity: number): number {
  return Math.ceil(capacity / KEY_TILE) * KEY_TILE;
}

/** Bytes of the keys, or of the values, of one layer with room for `capacity` tokens; the layout is that of kernels/shared/kvCache.ts. */
export function kvCacheBytes(format: KvCacheFormat, numKvHeads: number, capacity: number, headDim: number): number {
  return numKvHeads * headRows(capacity) * (headQuads(headDim) * QUAD_BYTES[format] + SCALE_BYTES[format]);
}
