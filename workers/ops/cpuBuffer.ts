import { KvCacheRows } from '../kernels/shared/kvCache.reference';
import type { DeviceBuffer, LayerCache } from './graph';

/** Plain memory as the graph sees it, zero-filled and aligned for any element type. */
export class CpuBuffer implements DeviceBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly floats: Float32Array<ArrayBuffer>;
  readonly #onDestroy: (byteLength: number) => void;
  #isDestroyed = false;

  constructor(
    readonly byteLength: number,
    onDestroy: (byteLength: number) => void,
  ) {
    this.bytes = new Uint8Array(byteLength);
    this.floats = new Float32Array(this.bytes.buffer);
    this.#onDestroy = onDestroy;
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#onDestroy(this.byteLength);
  }
}

/** The memory behind a DeviceBuffer. Throws TypeError for one that another backend made. */
export function cpuBuffer(buffer: DeviceBuffer): CpuBuffer {
  if (buffer instanceof CpuBuffer) return buffer;
  throw new TypeError('this buffer was made by another backend');
}

/** Keys and values of a layer, as the reference kernels take them. */
export function cacheRows(cache: LayerCache): { keys: KvCacheRows; values: KvCacheRows } {
  return {
    keys: new KvCacheRows(cache, 'keys', cpuBuffer(cache.keys).bytes),
    values: new KvCacheRows(cache, 'values', cpuBuffer(cache.values).bytes),
  };
}
