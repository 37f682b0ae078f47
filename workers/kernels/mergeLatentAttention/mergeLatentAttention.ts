import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { CHUNK_PARTS, chunkPartConstants } from '../shared/chunkParts';
import { chunkCount } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import type { PackedLatentHeads } from '../shared/latentHeads';
import { valueOfLatent } from '../shared/valueOfLatent';
import { STEP } from '../shared/step';
import text from './mergeLatentAttention.wgsl?raw';

/**
 * Joins the chunks of cachedAttention where heads give latents, and makes values of them; nothing to do where all rows have one.
 * Bindings: step, partials, out, kvB.
 */
export function mergeLatentAttention(cache: KvCacheShape, heads: PackedLatentHeads): Launch {
  const { format, numHeads, valueDim } = heads;
  const value = valueOfLatent(heads, 3);
  return {
    kernel: {
      name: `mergeLatentAttention ${format}`,
      sources: [{ file: 'mergeLatentAttention.wgsl', text }, STEP, ...CHUNK_PARTS, ...value.sources],
      bindings: ['uniform', 'read-only-storage', 'storage', 'read-only-storage'],
    },
    constants: {
      ...chunkPartConstants(numHeads, cache),
      ...value.constants,
      WIDTH: paddedWidth(numHeads * valueDim),
    },
    grid: (rows, keys) => [numHeads, chunkCount(keys) > 1 ? rows : 0, 1],
  };
}
