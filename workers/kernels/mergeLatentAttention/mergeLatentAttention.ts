import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { CHUNK_PARTS, chunkPartConstants } from '../shared/chunkParts';
import { chunkCount } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import { type LatentHeads, latentHeadConstants, latentHeads } from '../shared/latentHeads';
import { STEP } from '../shared/step';
import text from './mergeLatentAttention.wgsl?raw';

export interface MergeLatentAttentionShape {
  numHeads: number;
  cache: KvCacheShape;
  expanded: LatentHeads;
}

/**
 * Joins the chunks of cachedAttention where heads give expanded, and makes values of them; nothing to do where all rows have one.
 * Bindings: step, partials, out, and the matrix that makes values.
 */
export function mergeLatentAttention({ numHeads, cache, expanded }: MergeLatentAttentionShape): Launch {
  return {
    kernel: {
      name: `mergeLatentAttention ${expanded.format}`,
      sources: [{ file: 'mergeLatentAttention.wgsl', text }, STEP, ...CHUNK_PARTS, ...latentHeads(expanded, 3)],
      bindings: ['uniform', 'read-only-storage', 'storage', 'read-only-storage'],
    },
    constants: {
      ...chunkPartConstants(numHeads, cache),
      ...latentHeadConstants(expanded),
      WIDTH: paddedWidth(numHeads * expanded.valueDim),
    },
    grid: (rows, keys) => [numHeads, chunkCount(keys) > 1 ? rows : 0, 1],
  };
}
