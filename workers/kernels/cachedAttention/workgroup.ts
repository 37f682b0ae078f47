import { MAX_BATCH } from '../shared/batch';
import { headQuads, type KvCacheShape, QUAD_BYTES } from '../shared/kvCache';
import { WORKGROUP_BYTES } from '../shared/workgroupBytes';
import { MOST_HEADS } from './queryHeads';

/** What a workgroup of cachedAttention takes. It is the same for every batch, so that a row has the same result in each. */
export interface Workgroup {
  /** Query heads, of those that share a key head, so that it reads keys and values once for all. */
  heads: number;
  invocations: number;
  /** Keys of the step that are staged at once. */
  stagedKeys: number;
}

const INVOCATIONS = {
  /** Where memory for them is at hand: as many as a chunk has keys, which are then all scored at once. */
  most: 256,
  /** A key and a value, or the queries of all heads, are staged at once: 128 quads of heads of up to 256 channels. */
  enough: 128,
  /** The same of narrower heads, where more would wait for their turn. */
  onProcessor: 64,
};

/** Heads of more channels leave room for two in workgroup memory, beside the keys of the longest step. */
const WIDEST_OF_FOUR_HEADS = 128;
/** Heads of more channels do not share it with all keys of a step. */
const WIDEST_BESIDE_STEP = 256;

/** Scores whose highest one invocation finds, as in the shader: workgroups are multiples of it. */
const RUN = 16;

/** For query heads of which so many share a key head; `isOnProcessor` where invocations wait for their turn. */
export function workgroupFor(cache: KvCacheShape, headsPerKvHead: number, isOnProcessor: boolean): Workgroup {
  if (cache.headDim > WIDEST_BESIDE_STEP) return wideWorkgroup(cache, headsPerKvHead, isOnProcessor);
  const heads = sharingHeads(headsPerKvHead, cache.headDim > WIDEST_OF_FOUR_HEADS ? 2 : MOST_HEADS);
  return { heads, invocations: invocationsFor(cache, heads, isOnProcessor), stagedKeys: MAX_BATCH };
}

function sharingHeads(headsPerKvHead: number, most: number): number {
  let heads = most;
  while (headsPerKvHead % heads !== 0) heads--;
  return heads;
}

function invocationsFor(cache: KvCacheShape, heads: number, isOnProcessor: boolean): number {
  const { most, enough, onProcessor } = INVOCATIONS;
  if (isOnProcessor) return headQuads(cache.headDim) * Math.max(heads, 2) <= onProcessor ? onProcessor : enough;
  return roomForKeys(cache, heads, most) >= MAX_BATCH ? most : enough;
}

/** As many heads as leave room for a key of the step, then as many invocations, then as many keys. */
function wideWorkgroup(cache: KvCacheShape, headsPerKvHead: number, isOnProcessor: boolean): Workgroup {
  // A key and a value are staged at once.
  const enough = RUN * Math.ceil((2 * headQuads(cache.headDim)) / RUN);
  const sizes = isOnProcessor ? [enough] : [INVOCATIONS.most, enough];
  for (let heads = MOST_HEADS; ; heads--) {
    if (headsPerKvHead % heads !== 0) continue;
    for (const invocations of sizes) {
      const stagedKeys = Math.min(MAX_BATCH, roomForKeys(cache, heads, invocations));
      if (stagedKeys > 0) return { heads, invocations, stagedKeys };
    }
  }
}

/** Keys that fit beside the other workgroup arrays of the shader. */
function roomForKeys({ headDim, format }: KvCacheShape, heads: number, invocations: number): number {
  const quads = headQuads(headDim);
  // Of a `Heads`: three floats take the room of four.
  const headsBytes = 4 * (heads === 3 ? 4 : heads);
  const arrays = {
    query: heads * quads * 16,
    new_key_scales: 4 * MAX_BATCH,
    new_value_scales: 4 * MAX_BATCH,
    of_quads: 4 * invocations,
    weights: headsBytes * invocations,
    highest_of_runs: (headsBytes * invocations) / RUN,
    sums: 16 * invocations,
    weight_sums: headsBytes * Math.floor(invocations / quads),
  };
  const taken = Object.values(arrays).reduce((sum, bytes) => sum + 16 * Math.ceil(bytes / 16), 0);
  return Math.floor((WORKGROUP_BYTES - taken) / (16 * Math.ceil((quads * QUAD_BYTES[format]) / 16)));
}
