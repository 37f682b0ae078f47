import { kvAppendReference } from '../kvAppend/kvAppend.reference';
import { ropeReference } from '../rope/rope.reference';
import type { KvCacheRows } from '../shared/kvCache.reference';
import { paddedWidth } from '../../quant/layout';
import type { RopeAppendShape } from './ropeAppend';

/** RoPE on the queries, which it returns, and on the keys; keys and values go to the cache. One row. */
export function ropeAppendReference(
  qkv: Float32Array,
  table: Float32Array,
  keys: KvCacheRows,
  values: KvCacheRows,
  { numHeads, cache, keyStart, valueStart }: RopeAppendShape,
  position: number,
): Float32Array {
  const { headDim, numKvHeads } = cache;
  const width = paddedWidth(numKvHeads * headDim);
  const q = new Float32Array(paddedWidth(numHeads * headDim));
  const k = new Float32Array(width);
  const row = { rows: 1, headDim, position };
  ropeReference(table, qkv, q, { ...row, numHeads, width: q.length });
  ropeReference(table, qkv.subarray(keyStart), k, { ...row, numHeads: numKvHeads, width });
  kvAppendReference(k, keys, { rows: 1, width, position });
  kvAppendReference(qkv.subarray(valueStart, valueStart + width), values, { rows: 1, width, position });
  return q;
}
