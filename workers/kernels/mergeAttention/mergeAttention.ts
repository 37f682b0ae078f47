import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { chunkCount, KEY_CHUNKS, keyChunkConstants } from '../shared/keyChunks';
import { headQuads, type KvCacheShape } from '../shared/kvCache';
import { repeatLines } from '../shared/repeatLines';
import { STEP } from '../shared/step';
import text from './mergeAttention.wgsl?raw';

/** Joins the chunks of cachedAttention; nothing to do where all rows have one. Bindings: step, partials, out. */
export function mergeAttention({ numHeads, cache }: { numHeads: number; cache: KvCacheShape }): Launch {
  const { headDim } = cache;
  return {
    kernel: {
      name: 'mergeAttention',
      sources: [repeatLines({ file: 'mergeAttention.wgsl', text }, { i: 4 }), STEP, KEY_CHUNKS],
      bindings: ['uniform', 'read-only-storage', 'storage'],
    },
    constants: {
      ...keyChunkConstants(cache),
      NUM_HEADS: numHeads,
      HEAD_DIM: headDim,
      WIDTH: paddedWidth(numHeads * headDim),
    },
    grid: (rows, keys) => [workgroupsFor(numHeads * headQuads(headDim), 64), chunkCount(keys) > 1 ? rows : 0, 1],
  };
}
