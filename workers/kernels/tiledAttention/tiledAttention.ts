import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import type { AttentionShape } from '../attention/attention';
import { headQuads, kvCacheConstants, kvCacheSources } from '../shared/kvCache';
import { repeatLines } from '../shared/repeatLines';
import { STEP } from '../shared/step';
import text from './tiledAttention.wgsl?raw';

/**
 * Rows and keys of a tile by the quads of a head: what fits in 16 KiB of workgroup memory. Where these are few keys for many
 * quads, slices of a key are scored by an invocation each.
 */
const TILES = [
  { mostQuads: 24, queries: 16, keys: 16, slices: 1 },
  { mostQuads: 32, queries: 8, keys: 16, slices: 1 },
  { mostQuads: 64, queries: 4, keys: 8, slices: 1 },
  { mostQuads: 72, queries: 8, keys: 4, slices: 8 },
  { mostQuads: 128, queries: 4, keys: 3, slices: 8 },
] as const;

/** The same where a processor computes: SwiftShader compiles them in a quarter of the time, and computes in two thirds. */
const TILES_ON_PROCESSOR = [{ mostQuads: 64, queries: 4, keys: 4, slices: 1 }, ...TILES] as const;

export interface TiledAttentionShape extends AttentionShape {
  /**
   * Which keys a row sees: those up to its own position; all of the step and before it; or those before the step, which has
   * brought none. Default: causal.
   */
  seen?: 'causal' | 'step' | 'before';
  /** Where a processor computes: it works through the invocations of a workgroup in turn. */
  isOnProcessor?: boolean;
}

/** Attention of many rows over the cache. Bindings: step, q, keys, values, out. */
export function tiledAttention(shape: TiledAttentionShape): Launch {
  const { numHeads, cache, scale, seen = 'causal', isOnProcessor = false } = shape;
  const { format, numKvHeads, headDim } = cache;
  const tiles = isOnProcessor ? TILES_ON_PROCESSOR : TILES;
  const { queries, keys, slices } = tiles.find(({ mostQuads }) => headQuads(headDim) <= mostQuads)!;
  // QUADS · KEYS quads for GROUPS · QUADS invocations.
  const quadsPerInvocation = keys / (queries / 4);
  return {
    kernel: {
      name: `tiledAttention ${format}`,
      sources: [
        repeatLines({ file: 'tiledAttention.wgsl', text }, { i: quadsPerInvocation }),
        STEP,
        ...kvCacheSources(cache),
      ],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'read-only-storage', 'storage'],
    },
    constants: {
      ...kvCacheConstants(cache),
      NUM_HEADS: numHeads,
      HEADS_PER_KV_HEAD: numHeads / numKvHeads,
      WIDTH: paddedWidth(numHeads * headDim),
      SCALE: scale,
      CAUSAL: Number(seen === 'causal'),
      OWN_KEYS: Number(seen !== 'before'),
      QUERIES: queries,
      KEYS: keys,
      SLICES: slices,
    },
    grid: (rows) => [numHeads, workgroupsFor(rows, queries), 1],
  };
}
