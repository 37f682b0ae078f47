import { workgroupsFor } from '../../gpu/grid';
import type { Launch } from '../../gpu/kernel';
import { paddedWidth } from '../../quant/layout';
import type { KvCacheShape } from '../shared/kvCache';
import { headQuads, kvCacheConstants, kvCacheSources } from '../shared/kvCache';
import { STEP } from '../shared/step';
import text from './kvAppend.wgsl?raw';

/** Stores the rows of k and v in the cache at the step's position. Bindings: step, k, v, keys, values. */
export function kvAppend(cache: KvCacheShape): Launch {
  const { format, numKvHeads, headDim } = cache;
  return {
    kernel: {
      name: `kvAppend ${format}`,
      sources: [{ file: 'kvAppend.wgsl', text }, STEP, ...kvCacheSources(cache)],
      bindings: ['uniform', 'read-only-storage', 'read-only-storage', 'storage', 'storage'],
    },
    constants: { ...kvCacheConstants(cache), WIDTH: paddedWidth(numKvHeads * headDim) },
    grid: (rows) => [workgroupsFor(numKvHeads * headQuads(headDim), 64), rows, 2],
  };
}
