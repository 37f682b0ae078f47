import type { KvCacheRows } from '../shared/kvCache.reference';

/** Stores rows of `x` [rows, width], heads side by side, at `position`, `position + 1`, … of the cache. */
export function kvAppendReference(
  x: Float32Array,
  cache: KvCacheRows,
  { rows, width, position }: { rows: number; width: number; position: number },
): void {
  const { numKvHeads, headDim } = cache.shape;
  for (let m = 0; m < rows; m++) {
    for (let head = 0; head < numKvHeads; head++) {
      const start = m * width + head * headDim;
      cache.write(head, position + m, x.subarray(start, start + headDim));
    }
  }
}
