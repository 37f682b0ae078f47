import { paddedWidth } from '../../quant/layout';
import { attentionReference } from '../attention/attention.reference';
import { gateHeadsReference } from '../gateHeads/gateHeads.reference';
import { headNormReference } from '../headNorm/headNorm.reference';
import { kvAppendReference } from '../kvAppend/kvAppend.reference';
import { latentValuesReference } from '../latentValues/latentValues.reference';
import { ropeReference } from '../rope/rope.reference';
import type { KvCacheRows } from '../shared/kvCache.reference';
import type { CachedAttentionShape } from './cachedAttention';

/** Norm weights [headDim] of queries and keys. */
export interface HeadNorms {
  query: Float32Array;
  key: Float32Array;
}

/**
 * RoPE on queries and keys of `rows` rows, keys and values to the cache, and attention over it; the norms, where there are
 * any, come before and the gates behind, or values made of latents; `weightRow` writes a row of `kvB`.
 * [rows, padded heads]
 */
export function cachedAttentionReference(
  qkv: Float32Array,
  table: Float32Array,
  keys: KvCacheRows,
  values: KvCacheRows,
  { numHeads, cache, qkvWidth, keyStart, valueStart, rotaryDim, gated, expanded, scale }: CachedAttentionShape,
  { rows, position }: { rows: number; position: number },
  norms: HeadNorms | null,
  weightRow: ((row: number, weights: Float32Array) => void) | null,
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
  const normed = (start: number, stride: number, weight: Float32Array | undefined, heads: number, columns: number) => {
    if (!gated || !weight) return part(start, columns);
    const out = new Float32Array(rows * columns);
    const shape = { rows, numHeads: heads, headDim, stride, xWidth: qkvWidth, width: columns, eps: gated.eps };
    headNormReference(qkv.subarray(start), weight, out, shape);
    return out;
  };
  const q = new Float32Array(rows * width);
  const k = new Float32Array(rows * kvWidth);
  const queries = normed(0, gated?.queryStride ?? headDim, norms?.query, numHeads, width);
  const newKeys = normed(keyStart, headDim, norms?.key, numKvHeads, kvWidth);
  ropeReference(table, queries, q, { rows, headDim, rotaryDim, position, numHeads, width });
  ropeReference(table, newKeys, k, { rows, headDim, rotaryDim, position, numHeads: numKvHeads, width: kvWidth });
  kvAppendReference(k, keys, { rows, width: kvWidth, position });
  kvAppendReference(part(valueStart, kvWidth), values, { rows, width: kvWidth, position });
  const out = new Float32Array(rows * width);
  attentionReference(q, keys, values, out, { rows, width, numHeads, scale, position });
  if (gated) {
    const gates = { numHeads, headDim, start: gated.gateStart, stride: gated.queryStride, gateWidth: qkvWidth };
    gateHeadsReference(out, qkv, out, { ...gates, rows, width, gating: 'sigmoid' });
  }
  if (!expanded || !weightRow) return out;
  const valueWidth = paddedWidth(numHeads * expanded.valueDim);
  const made = new Float32Array(rows * valueWidth);
  latentValuesReference(out, weightRow, made, { ...expanded, rows, xWidth: width, width: valueWidth });
  return made;
}
