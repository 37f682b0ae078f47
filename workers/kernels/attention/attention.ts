import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import type { KvCacheShape } from '../shared/kvCache';
import { headQuads, kvCacheConstants, kvCacheSources } from '../shared/kvCache';
import { STEP } from '../shared/step';
import text from './attention.wgsl?raw';

export interface AttentionShape {
  /** Query heads, a multiple of the cache's numKvHeads. */
  numHeads: number;
  /** Its headDim is even and at most MAX_HEAD_DIM. */
  cache: KvCacheShape;
  /** Factor on q · k, usually 1 / √headDim. */
  scale: number;
}

/** Invocations: one per four channels must fit. */
const WORKGROUP_SIZE = 64;
/** The same where heads are wider than that. */
const WIDE_WORKGROUP_SIZE = 128;

/** Of this kernel, and of the others that attend to the cache. */
export const MAX_HEAD_DIM = 4 * WIDE_WORKGROUP_SIZE;

/** Causal attention of each row over the cache. Bindings: step, q, keys, values, out. */
export function attention({ numHeads, cache, scale }: AttentionShape): Launch {
  const { format, numKvHeads, headDim } = cache;
  return {
    kernel: {
      name: `attention ${format}`,
      sources: [{ file: 'attention.wgsl', text }, STEP, ...kvCacheSources(cache)],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      ...kvCacheConstants(cache),
      NUM_HEADS: numHeads,
      HEADS_PER_KV_HEAD: numHeads / numKvHeads,
      WIDTH: paddedWidth(numHeads * headDim),
      SCALE: scale,
      WORKGROUP_SIZE: headQuads(headDim) <= WORKGROUP_SIZE ? WORKGROUP_SIZE : WIDE_WORKGROUP_SIZE,
    },
    grid: (rows) => [numHeads, rows, 1],
  };
}
