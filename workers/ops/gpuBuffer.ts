import type { DeviceBuffer } from './graph';

/** A GPUBuffer as the graph sees it. */
export class GpuBuffer implements DeviceBuffer {
  readonly #onDestroy: () => void;
  #isDestroyed = false;

  constructor(
    readonly handle: GPUBuffer,
    readonly byteLength: number,
    onDestroy: () => void,
  ) {
    this.#onDestroy = onDestroy;
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.handle.destroy();
    this.#onDestroy();
  }
}

/** The GPU buffer behind a DeviceBuffer. Throws TypeError for one that another backend made. */
export function gpuBuffer(buffer: DeviceBuffer): GpuBuffer {
  if (buffer instanceof GpuBuffer) return buffer;
  throw new TypeError('this buffer was made by another backend');
}
