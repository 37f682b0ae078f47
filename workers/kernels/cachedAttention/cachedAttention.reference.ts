import { paddedWidth } from '../../quant/layout';
import { attentionReference } from '../attention/attention.reference';
import { kvAppendReference } from '../kvAppend/kvAppend.reference';
import { ropeReference } from '../rope/rope.reference';
import type { KvCacheRows } from '../shared/kvCache.reference';
import type { CachedAttentionShape } from './cachedAttention';

/** RoPE on queries and keys of `rows` rows, keys and values to the cache, and attention over it. [rows, padded heads] */
export function cachedAttentionReference(
  qkv: Float32Array,
  table: Float32Array,
  keys: KvCacheRows,
  values: KvCacheRows,
  { numHeads, cache, qkvWidth, keyStart, valueStart, scale }: CachedAttentionShape,
  { rows, position }: { rows: number; position: number },
): Float32Array {
  const { headDim, numKvHeads } = cache;
  const [width, kvWidth] = [paddedWidth(numHeads * headDim), paddedWidth(numKvHeads * headDim)];
  const part = (start: number, columns: number) => {
    const result = new Float32Array(rows * columns);
    for (let m = 0; m < rows; m++) {
      result.set(qkv.subarray(m * qkvWidth + start, m * qkvWidth + start + columns), m * columns);
    }
    return result;
  };
  const q = new Float32Array(rows * width);
  const k = new Float32Array(rows * kvWidth);
  ropeReference(table, part(0, width), q, { rows, headDim, position, numHeads, width });
  ropeReference(table, part(keyStart, kvWidth), k, { rows, headDim, position, numHeads: numKvHeads, width: kvWidth });
  kvAppendReference(k, keys, { rows, width: kvWidth, position });
  kvAppendReference(part(valueStart, kvWidth), values, { rows, width: kvWidth, position });
  const out = new Float32Array(rows * width);
  attentionReference(q, keys, values, out, { rows, width, numHeads, scale, position });
  return out;
}
