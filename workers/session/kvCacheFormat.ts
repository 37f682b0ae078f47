import type { Manifest } from '../checkpoint/manifest';
import type { ModelConfig } from '../checkpoint/modelConfig';
import { kvCacheBytes } from '../ops/kvCacheLayout';
import type { KvCacheFormat } from '../protocol';

/** A smaller cache is not worth its rounding. */
const LARGE_CACHE_BYTES = 256e6;
/** Nor is one that is this small beside the weights. */
const LARGE_SHARE = 1 / 4;

/**
 * The format of a cache that nobody chose one for. f16, whose error is far below that of int4 weights; int8, which takes
 * half the memory and half the reading, where f16 would be large, both in bytes and beside the weights, or where the keys
 * of a layer would not fit into a buffer. An evaluation in f32 keeps an f32 cache.
 */
export function kvCacheFormat(
  { config, info }: { config: CacheConfig; info: Pick<Manifest['info'], 'quantization' | 'bytes'> },
  contextLength: number,
  mostBufferBytes: number,
): KvCacheFormat {
  if (info.quantization === 'f32') return 'f32';
  const { numLayers, numKvHeads, headDim } = config;
  const keysBytes = kvCacheBytes('f16', numKvHeads, contextLength, headDim);
  const bytes = 2 * numLayers * keysBytes;
  const isLarge = bytes > LARGE_CACHE_BYTES && bytes > LARGE_SHARE * info.bytes;
  return isLarge || keysBytes > mostBufferBytes ? 'int8' : 'f16';
}

type CacheConfig = Pick<ModelConfig, 'numLayers' | 'numKvHeads' | 'headDim'>;
