import type { WgslSource } from '../../gpu/kernel';
import type { KvCacheFormat } from '../../protocol';
import kvF16 from './kvF16.wgsl?raw';
import kvF32 from './kvF32.wgsl?raw';
import kvInt8 from './kvInt8.wgsl?raw';

/**
 * Keys of one layer, and likewise its values: [numKvHeads][capacity][headQuads(headDim)] quads of four consecutive
 * channels (the last quad of a row is padded with zeros). A quad is 16 bytes in f32, 8 in f16 and 4 in int8; int8 adds
 * f32 scales [numKvHeads][capacity] behind all quads, in the same buffer.
 *
 * Each format defines `KvQuad`, `kv_pack`, `kv_unpack`, and, where KV_SCALED, `kv_pack_scale` and `kv_unpack_scale`.
 */
export const KV_FORMATS: Record<KvCacheFormat, WgslSource> = {
  f32: { file: 'kvF32.wgsl', text: kvF32 },
  f16: { file: 'kvF16.wgsl', text: kvF16 },
  int8: { file: 'kvInt8.wgsl', text: kvInt8 },
};

/** One head of one layer's keys or values: what both sides of the cache must agree on. */
export interface KvCacheShape {
  format: KvCacheFormat;
  numKvHeads: number;
  capacity: number;
  headDim: number;
}

const QUAD_BYTES: Record<KvCacheFormat, number> = { f32: 16, f16: 8, int8: 4 };
const SCALE_BYTES: Record<KvCacheFormat, number> = { f32: 0, f16: 0, int8: 4 };

/** Quads in one head's row. */
export function headQuads(headDim: number): number {
  return Math.ceil(headDim / 4);
}

/** Bytes of the keys, or of the values, of one layer with room for `capacity` tokens. */
export function kvCacheBytes(format: KvCacheFormat, numKvHeads: number, capacity: number, headDim: number): number {
  return numKvHeads * capacity * (headQuads(headDim) * QUAD_BYTES[format] + SCALE_BYTES[format]);
}
