import type { WgslSource } from '../../gpu/kernel';
import { headQuads, type KvCacheShape } from './kvCache';
import text from './keyChunks.wgsl?raw';

/** Declares how the keys of a row are shared out among workgroups, and by it what partial results are made. */
export const KEY_CHUNKS: WgslSource = { file: 'keyChunks.wgsl', text };

/** Keys that one workgroup takes. Merging costs a dispatch, which is dearer than the time that fewer would save. */
const CHUNK_KEYS = 256;

/** Enough workgroups for any device; beyond it chunks grow, which bounds the memory for partial results. */
const MOST_CHUNKS = 32;

/**
 * Chunks that a row of `keys` keys has at most. More keys never give less, so that the last row of a step answers for
 * the ones before it; beyond CHUNK_KEYS · MOST_CHUNKS keys, some of these chunks are empty.
 */
export function chunkCount(keys: number): number {
  return Math.min(MOST_CHUNKS, Math.ceil(keys / CHUNK_KEYS));
}

/** Values of the overrides of KEY_CHUNKS. */
export function keyChunkConstants({ capacity }: KvCacheShape): Record<string, number> {
  return { CHUNK_KEYS, MOST_CHUNKS, PARTIAL_CHUNKS: chunkCount(capacity) };
}

/** Floats of the partial results of one row: [heads][chunks] of {highest score, sum of weights, 0, 0} and headQuads. */
export function partialFloats(numHeads: number, { capacity, headDim }: KvCacheShape): number {
  return numHeads * chunkCount(capacity) * (1 + headQuads(headDim)) * 4;
}
