import type { KvCacheRows } from '../shared/kvCache.reference';

export interface AttentionReferenceShape {
  rows: number;
  width: number;
  numHeads: number;
  scale: number;
  /** Position of the first row. */
  position: number;
  /** Which keys a row sees: see tiledAttention.ts. Default: causal. */
  seen?: 'causal' | 'step' | 'before';
}

/**
 * out[m, h] = Σ_t softmax_t(scale · q[m, h] · keys[t]) · values[t] over the positions t that row m sees: t ≤ position + m.
 * q, out [rows, width], heads side by side, zero behind the last one.
 */
export function attentionReference(
  q: Float32Array,
  keys: KvCacheRows,
  values: KvCacheRows,
  out: Float32Array,
  { rows, width, numHeads, scale, position, seen = 'causal' }: AttentionReferenceShape,
): void {
  const { headDim, numKvHeads } = keys.shape;
  const channels = new Float32Array(headDim);
  const sums = new Float64Array(headDim);
  for (let m = 0; m < rows; m++) {
    const count = { causal: position + m + 1, step: position + rows, before: position }[seen];
    for (let head = 0; head < numHeads; head++) {
      const start = m * width + head * headDim;
      const kvHead = Math.floor(head / (numHeads / numKvHeads));
      const weights = softmax(scores(q.subarray(start, start + headDim), keys, kvHead, count, scale));
      sums.fill(0);
      for (let t = 0; t < weights.length; t++) {
        values.read(kvHead, t, channels);
        for (let i = 0; i < headDim; i++) sums[i]! += weights[t]! * channels[i]!;
      }
      out.set(sums, start);
    }
    out.fill(0, m * width + numHeads * headDim, (m + 1) * width);
  }
}

function scores(query: Float32Array, keys: KvCacheRows, kvHead: number, count: number, scale: number): Float64Array {
  const channels = new Float32Array(query.length);
  const result = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    keys.read(kvHead, t, channels);
    let sum = 0;
    for (let i = 0; i < query.length; i++) sum += query[i]! * channels[i]!;
    result[t] = scale * sum;
  }
  return result;
}

/** In place. */
function softmax(values: Float64Array): Float64Array {
  const highest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    values[t] = Math.exp(values[t]! - highest);
    sum += values[t]!;
  }
  for (let t = 0; t < values.length; t++) values[t]! /= sum;
  return values;
}
