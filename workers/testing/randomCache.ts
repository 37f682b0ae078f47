import type { KvCacheShape } from '../kernels/shared/kvCache';
import { kvCacheBytes } from '../kernels/shared/kvCache';
import { KvCacheRows } from '../kernels/shared/kvCache.reference';
import type { Random } from './random';

/** Random keys or values at `count` positions of a cache; what stands behind them is `garbage`. */
export function randomCache(
  random: Random,
  shape: KvCacheShape,
  content: KvCacheRows['content'],
  { count, magnitude = 1, garbage = 1e4 }: { count: number; magnitude?: number; garbage?: number },
): { bytes: Uint8Array<ArrayBuffer>; rows: KvCacheRows } {
  const { format, numKvHeads, capacity, headDim } = shape;
  const bytes = new Uint8Array(kvCacheBytes(format, numKvHeads, capacity, headDim));
  const rows = new KvCacheRows(shape, content, bytes);
  for (let head = 0; head < numKvHeads; head++) {
    for (let position = 0; position < capacity; position++) {
      const channels = random.floats(headDim, magnitude);
      rows.write(head, position, position < count ? channels : channels.fill(garbage));
    }
  }
  return { bytes, rows };
}
