import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import type { KvCacheShape } from '../shared/kvCache';
import { headQuads, KV_FORMATS } from '../shared/kvCache';
import { STEP } from '../shared/step';
import text from './ropeAppend.wgsl?raw';

export interface RopeAppendShape {
  numHeads: number;
  cache: KvCacheShape;
  /** Where the keys and the values begin in `qkv`. */
  keyStart: number;
  valueStart: number;
}

/** Rotates one row's queries and keys, and stores keys and values. Bindings: step, qkv, table, q, keys, values. */
export function ropeAppend({ numHeads, cache, keyStart, valueStart }: RopeAppendShape): Launch {
  const { format, numKvHeads, capacity, headDim } = cache;
  const width = paddedWidth(numHeads * headDim);
  // The padding of q may have more columns than there are quads.
  const invocations = Math.max(numHeads * headQuads(headDim), width - numHeads * headDim);
  return {
    kernel: {
      name: `ropeAppend ${format}`,
      sources: [{ file: 'ropeAppend.wgsl', text }, STEP, KV_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage', 'storage'],
    },
    constants: {
      NUM_HEADS: numHeads,
      NUM_KV_HEADS: numKvHeads,
      CAPACITY: capacity,
      HEAD_DIM: headDim,
      WIDTH: width,
      K_START: keyStart,
      V_START: valueStart,
    },
    grid: () => [workgroupsFor(invocations, 64), 1, 3],
  };
}
