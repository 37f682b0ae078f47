import type { WgslSource } from '../../gpu/kernel';
import text from './chunkParts.wgsl?raw';
import { KEY_CHUNKS, keyChunkConstants } from './keyChunks';
import type { KvCacheShape } from './kvCache';
import { repeatLines } from './repeatLines';

/** Declares `joined_quad`, of the parts in binding 1, and `has_parts`. */
export const CHUNK_PARTS: readonly WgslSource[] = [
  repeatLines({ file: 'chunkParts.wgsl', text }, { i: 4 }),
  KEY_CHUNKS,
];

/** Values of the overrides of CHUNK_PARTS. */
export function chunkPartConstants(numHeads: number, cache: KvCacheShape): Record<string, number> {
  return { ...keyChunkConstants(cache), NUM_HEADS: numHeads, HEAD_DIM: cache.headDim };
}
