import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { chunkCount, KEY_CHUNKS, keyChunkConstants } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import { headQuads, kvCacheConstants, kvCacheSources, QUAD_BYTES } from '../shared/kvCache';
import { MAX_BATCH } from '../shared/batch';
import { outputGate, type OutputGate } from '../shared/outputGate';
import { repeatLines } from '../shared/repeatLines';
import { STEP } from '../shared/step';
import text from './cachedAttention.wgsl?raw';
import normedHeads from './normedHeads.wgsl?raw';
import plainHeads from './plainHeads.wgsl?raw';
import { queryHeads, sharingHeads } from './queryHeads';

/** Heads of queries and keys that are normed before they rotate, and gates for the results beside each query. */
export interface GatedHeads extends OutputGate {
  eps: number;
}

export interface CachedAttentionShape {
  /** Query heads, a multiple of the cache's numKvHeads. */
  numHeads: number;
  /** Its headDim is even and at most 256. */
  cache: KvCacheShape;
  /** Width of `qkv`, and where the keys and the values begin in it. */
  qkvWidth: number;
  keyStart: number;
  valueStart: number;
  /** The first channels of a head, which rotate. */
  rotaryDim: number;
  gated: GatedHeads | null;
  /** Factor on q · k, usually 1 / √headDim. */
  scale: number;
  /** Rows at most: 1 to 8. */
  batch: number;
  /** Where a processor computes: it works through the invocations of a workgroup in turn. */
  isOnProcessor?: boolean;
}

const INVOCATIONS = {
  /** Where memory for them is at hand: as many as a chunk has keys, which are then all scored at once. */
  most: 256,
  /** A key and a value, or the queries of all heads, are staged at once: 128 quads of the widest heads. */
  enough: 128,
  /** The same of narrower heads, where more would wait for their turn. */
  onProcessor: 64,
};
/** WebGPU's default limit. */
const WORKGROUP_BYTES = 16_384;

/**
 * RoPE, cache append and causal attention of up to 8 rows, up to the merging of chunks: mergeAttention follows it.
 * Bindings: step, qkv, table, keys, values, out, partials; where it is gated, norm weights of queries and of keys.
 */
export function cachedAttention(shape: CachedAttentionShape): Launch {
  const { numHeads, cache, qkvWidth, keyStart, valueStart, rotaryDim, gated, scale, batch, isOnProcessor } = shape;
  const { numKvHeads, headDim } = cache;
  const heads = sharingHeads(numHeads / numKvHeads, headDim);
  return {
    kernel: {
      name: `cachedAttention ${cache.format}`,
      sources: [
        repeatLines({ file: 'cachedAttention.wgsl', text }, { i: 4 }),
        STEP,
        KEY_CHUNKS,
        ...kvCacheSources(cache),
        queryHeads(heads),
        gated ? { file: 'normedHeads.wgsl', text: normedHeads } : { file: 'plainHeads.wgsl', text: plainHeads },
        ...outputGate(gated),
      ],
      bindings: [
        'uniform',
        'read-only-storage',
        'read-only-storage',
        'storage',
        'storage',
        'storage',
        'storage',
        ...(gated ? (['read-only-storage', 'read-only-storage'] as const) : []),
      ],
    },
    constants: {
      ...kvCacheConstants(cache),
      ...keyChunkConstants(cache),
      NUM_HEADS: numHeads,
      HEADS_PER_KV_HEAD: numHeads / numKvHeads,
      QKV_WIDTH: qkvWidth,
      QUERY_STRIDE: gated?.queryStride ?? headDim,
      K_START: keyStart,
      V_START: valueStart,
      WIDTH: paddedWidth(numHeads * headDim),
      SCALE: scale,
      ROTARY_DIM: rotaryDim,
      ...(gated && { GATE_START: gated.gateStart, NORM_EPS: gated.eps }),
      WORKGROUP_SIZE: invocations(cache, heads, isOnProcessor),
      BATCH: batch,
      MOST_ROWS: MAX_BATCH,
    },
    grid: (rows, keys) => [numHeads / heads, rows, chunkCount(keys)],
  };
}

/**
 * The same for every batch, so that a row has the same result in each. Counts what the shader's workgroup arrays take: query,
 * those of the step's rows, weights with highest_of_runs and of_quads, sums with weight_sums.
 */
function invocations({ headDim, format }: KvCacheShape, heads: number, isOnProcessor = false): number {
  const quads = headQuads(headDim);
  if (isOnProcessor)
    return quads * Math.max(heads, 2) <= INVOCATIONS.onProcessor ? INVOCATIONS.onProcessor : INVOCATIONS.enough;
  // Of a `Heads`: three floats take the room of four.
  const headsBytes = 4 * (heads === 3 ? 4 : heads);
  const bytes = (count: number) => {
    const ofKeys = count * (headsBytes + headsBytes / 16 + 4);
    const ofSums = count * 16 + (count / quads) * headsBytes;
    return heads * quads * 16 + MAX_BATCH * (quads * QUAD_BYTES[format] + 8) + ofKeys + ofSums;
  };
  return bytes(INVOCATIONS.most) <= WORKGROUP_BYTES ? INVOCATIONS.most : INVOCATIONS.enough;
}
