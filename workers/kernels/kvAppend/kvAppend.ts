import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import type { KvCacheShape } from '../shared/kvCache';
import { headQuads, KV_FORMATS } from '../shared/kvCache';
import { STEP } from '../shared/step';
import text from './kvAppend.wgsl?raw';

/** Stores the rows of k and v in the cache at the step's position. Bindings: step, k, v, keys, values. */
export function kvAppend({ format, numKvHeads, capacity, headDim }: KvCacheShape): Launch {
  return {
    kernel: {
      name: `kvAppend ${format}`,
      sources: [{ file: 'kvAppend.wgsl', text }, STEP, KV_FORMATS[format]],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage'],
    },
    constants: {
      NUM_KV_HEADS: numKvHeads,
      CAPACITY: capacity,
      HEAD_DIM: headDim,
      WIDTH: paddedWidth(numKvHeads * headDim),
    },
    grid: (rows) => [workgroupsFor(numKvHeads * headQuads(headDim), 64), rows, 2],
  };
}
