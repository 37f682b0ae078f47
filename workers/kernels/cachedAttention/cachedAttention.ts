import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { chunkCount, KEY_CHUNKS, keyChunkConstants } from '../shared/keyChunks';
import type { KvCacheShape } from '../shared/kvCache';
import { kvCacheConstants, kvCacheSources } from '../shared/kvCache';
import { MAX_BATCH } from '../shared/batch';
import type { PackedLatentHeads } from '../shared/latentHeads';
import { valueOfLatent } from '../shared/valueOfLatent';
import { outputGate, type OutputGate } from '../shared/outputGate';
import { repeatLines } from '../shared/repeatLines';
import { STEP } from '../shared/step';
import text from './cachedAttention.wgsl?raw';
import channelOutput from './channelOutput.wgsl?raw';
import latentOutput from './latentOutput.wgsl?raw';
import normedHeads from './normedHeads.wgsl?raw';
import plainHeads from './plainHeads.wgsl?raw';
import { queryHeads } from './queryHeads';
import { workgroupFor } from './workgroup';

/** Heads of queries and keys that are normed before they rotate, and gates for the results beside each query. */
export interface GatedHeads extends OutputGate {
  eps: number;
}

export interface CachedAttentionShape {
  /** Query heads, a multiple of the cache's numKvHeads. */
  numHeads: number;
  /** Its headDim is even and at most MAX_HEAD_DIM. */
  cache: KvCacheShape;
  /** Width of `qkv`, and where the keys and the values begin in it. */
  qkvWidth: number;
  keyStart: number;
  valueStart: number;
  /** The first channels of a head, which rotate. */
  rotaryDim: number;
  gated: GatedHeads | null;
  /** What makes values of what attention gives, where that is latents. Null beside gates. */
  expanded: PackedLatentHeads | null;
  /** Factor on q · k, usually 1 / √headDim. */
  scale: number;
  /** Rows at most: 1 to 8. */
  batch: number;
  /** Where a processor computes: it works through the invocations of a workgroup in turn. */
  isOnProcessor?: boolean;
}

/**
 * RoPE, cache append and causal attention of up to 8 rows, up to the merging of chunks: mergeAttention follows it, or
 * mergeLatentAttention.
 * Bindings: step, qkv, table, keys, values, out, partials; where it is gated, norm weights of queries and of keys; where heads
 * give latents, the matrix that makes values.
 */
export function cachedAttention(shape: CachedAttentionShape): Launch {
  const {
    numHeads,
    cache,
    qkvWidth,
    keyStart,
    valueStart,
    rotaryDim,
    gated,
    expanded,
    scale,
    batch,
    isOnProcessor = false,
  } = shape;
  if (gated && expanded) throw new TypeError('attention whose results are gated makes no values of them');
  const { numKvHeads, headDim } = cache;
  const value = expanded && valueOfLatent(expanded, 7);
  const outHeadDim = expanded?.valueDim ?? headDim;
  const headsPerKvHead = numHeads / numKvHeads;
  const { heads, invocations, stagedKeys } = workgroupFor(cache, headsPerKvHead, isOnProcessor);
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
        ...(value
          ? [{ file: 'latentOutput.wgsl', text: latentOutput }, ...value.sources]
          : [{ file: 'channelOutput.wgsl', text: channelOutput }, ...outputGate(gated)]),
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
        ...(expanded ? (['read-only-storage'] as const) : []),
      ],
    },
    constants: {
      ...kvCacheConstants(cache),
      ...keyChunkConstants(cache),
      NUM_HEADS: numHeads,
      HEADS_PER_KV_HEAD: headsPerKvHead,
      QKV_WIDTH: qkvWidth,
      QUERY_STRIDE: gated?.queryStride ?? headDim,
      K_START: keyStart,
      V_START: valueStart,
      WIDTH: paddedWidth(numHeads * outHeadDim),
      OUT_HEAD_DIM: outHeadDim,
      SCALE: scale,
      ROTARY_DIM: rotaryDim,
      ...(gated && { GATE_START: gated.gateStart, NORM_EPS: gated.eps }),
      ...value?.constants,
      WORKGROUP_SIZE: invocations,
      BATCH: batch,
      STAGED_KEYS: Math.min(stagedKeys, batch),
      MOST_ROWS: MAX_BATCH,
    },
    grid: (rows, keys) => [numHeads / heads, rows, chunkCount(keys)],
  };
}
