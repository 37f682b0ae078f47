import { workgroupsFor } from '../../gpu/grid';
import type { Launch, WgslSource } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import { CHUNK_PARTS, chunkPartConstants } from '../shared/chunkParts';
import { chunkCount } from '../shared/keyChunks';
import { headQuads, type KvCacheShape } from '../shared/kvCache';
import { outputGate, type OutputGate } from '../shared/outputGate';
import { STEP } from '../shared/step';
import text from './mergeAttention.wgsl?raw';

export interface MergeAttentionShape {
  numHeads: number;
  cache: KvCacheShape;
  /** Gates of the results, and the width of the rows that they lie in. */
  gated: (OutputGate & { qkvWidth: number }) | null;
}

/** What gates lie in. */
const QKV: WgslSource = {
  file: 'mergeAttention.ts',
  text: `
override QKV_WIDTH: u32;
override QUERY_STRIDE: u32;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
`,
};

/**
 * Joins the chunks of cachedAttention; nothing to do where all rows have one.
 * Bindings: step, partials, out; where it is gated, qkv.
 */
export function mergeAttention({ numHeads, cache, gated }: MergeAttentionShape): Launch {
  const { headDim } = cache;
  return {
    kernel: {
      name: 'mergeAttention',
      sources: [
        { file: 'mergeAttention.wgsl', text },
        STEP,
        ...CHUNK_PARTS,
        ...outputGate(gated),
        ...(gated ? [QKV] : []),
      ],
      bindings: ['uniform', 'read-only-storage', 'storage', ...(gated ? (['read-only-storage'] as const) : [])],
    },
    constants: {
      ...chunkPartConstants(numHeads, cache),
      WIDTH: paddedWidth(numHeads * headDim),
      ...(gated && { QKV_WIDTH: gated.qkvWidth, QUERY_STRIDE: gated.queryStride, GATE_START: gated.gateStart }),
    },
    grid: (rows, keys) => [workgroupsFor(numHeads * headQuads(headDim), 64), chunkCount(keys) > 1 ? rows : 0, 1],
  };
}
