import type { KvCacheFormat } from '../protocol/loading';
import type { Quantization } from '../protocol/model';
import { kvCacheBytes } from './kvCacheBytes';

/** A smaller cache is not worth its rounding. */
const LARGE_CACHE_BYTES = 256e6;
/** Nor is one that is this small beside the weights. */
const LARGE_SHARE = 1 / 4;

/** What the rule looks at; a manifest has it. */
export interface CachedModel {
  config: {
    numLayers: number;
    numKvHeads: number;
    headDim: number;
    hybrid?: { layerKinds: readonly string[] };
    latent?: object;
  };
  /** `bytes`: of the packed weights. */
  info: { quantization: Quantization; bytes: number };
}

/**
 * The format of a cache that nobody chose one for. f16, whose error is far below that of int4 weights; int8, which takes
 * half the memory and half the reading, where f16 would be large, both in bytes and beside the weights, or where the keys
 * of a layer would not fit into a buffer. The vector that latent attention keeps has no norm over both its parts, which one
 * scale in int8 would serve badly: it stays f16, where a buffer has room. An evaluation in f32 keeps an f32 cache.
 */
export function kvCacheFormat(
  { config, info }: CachedModel,
  contextLength: number,
  mostBufferBytes: number,
): KvCacheFormat {
  if (info.quantization === 'f32') return 'f32';
  const { numKvHeads, headDim } = config;
  const keysBytes = kvCacheBytes('f16', numKvHeads, contextLength, headDim);
  const bytes = 2 * cachedLayers(config) * keysBytes;
  const isLarge = !config.latent && bytes > LARGE_CACHE_BYTES && bytes > LARGE_SHARE * info.bytes;
  return isLarge || keysBytes > mostBufferBytes ? 'int8' : 'f16';
}

/** Layers that keep keys and values: of a hybrid, those that attend. */
export function cachedLayers({ numLayers, hybrid }: CachedModel['config']): number {
  return hybrid ? hybrid.layerKinds.filter((kind) => kind === 'attention').length : numLayers;
}
