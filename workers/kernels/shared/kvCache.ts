import type { WgslSource } from '../../gpu/kernel';
import type { KvCacheFormat } from '../../protocol/loading';
import { BYTES } from './bytes';
import kvF16 from './kvF16.wgsl?raw';
import kvF32 from './kvF32.wgsl?raw';
import kvInt8 from './kvInt8.wgsl?raw';
import kvLayout from './kvLayout.wgsl?raw';

/** The sizes of the layout below, which the page needs, too. */
export { headQuads, headRows, KEY_TILE, kvCacheBytes, QUAD_BYTES } from '../../memory/kvCacheBytes';

/**
 * The keys of one layer, and its values, in a buffer each: quads of four consecutive channels of a head (the last quad is
 * padded with zeros), 16 bytes in f32, 8 in f16 and 4 in int8.
 *
 *   values: [numKvHeads][headRows][quads]            for a thread that adds up one quad of many tokens
 *   keys:   [numKvHeads][headRows / 32][quads][32]   for a thread that scores one token: 32 of them read side by side
 *
 * headRows is the capacity in whole tiles of 32 tokens. int8 adds f32 scales [numKvHeads][headRows] behind all quads.
 */
const FORMATS: Record<KvCacheFormat, WgslSource> = {
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

/**
 * What a kernel needs to read or write a cache: `KvQuad`, `kv_pack`, `kv_unpack`, `key_index`, `value_index`; where
 * KV_SCALED, `kv_pack_scale`, `kv_unpack_scale` and `scale_index`, too; and the sizes as overrides.
 */
export function kvCacheSources({ format }: KvCacheShape): WgslSource[] {
  const bytes = format === 'int8' ? [BYTES] : [];
  return [FORMATS[format], ...bytes, { file: 'kvLayout.wgsl', text: kvLayout }];
}

/** Values of the overrides of kvCacheSources. */
export function kvCacheConstants({ numKvHeads, capacity, headDim }: KvCacheShape): Record<string, number> {
  return { NUM_KV_HEADS: numKvHeads, CAPACITY: capacity, HEAD_DIM: headDim };
}
