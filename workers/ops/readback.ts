import { engineError } from '../errors';
import type { GpuBackend } from './gpuBackend';
import type { GpuBuffer } from './gpuBuffer';

/** Copies floats from a GPU buffer to the CPU. Staging buffers are kept: one, and more where reads have overlapped. */
export class Readback {
  readonly #backend: GpuBackend;
  readonly #idle: GpuBuffer[] = [];

  /** `bytes` is the most that is read. Throws OutOfMemoryError. */
  constructor(backend: GpuBackend, bytes: number) {
    this.#backend = backend;
    this.#idle.push(this.#take(bytes));
  }

  /** The first `count` floats after everything submitted before this call. Throws DeviceLostError. */
  async read(source: GpuBuffer, count: number): Promise<Float32Array<ArrayBuffer>> {
    const bytes = count * 4;
    const staging = this.#take(bytes);
    // Encoded before the first await: a step submitted after this call must not change what it returns.
    const { device, counters } = this.#backend;
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source.handle, 0, staging.handle, 0, bytes);
    device.queue.submit([encoder.finish()]);
    counters.readbacks++;
    try {
      await staging.handle.mapAsync(GPUMapMode.READ, 0, bytes);
    } catch (error) {
      staging.destroy();
      // Tells of memory that was not there for the staging buffer.
      await this.#backend.flush();
      throw engineError('DeviceLostError', 'The GPU device was lost while its result was being read.', error);
    }
    const floats = new Float32Array(staging.handle.getMappedRange(0, bytes).slice(0));
    staging.handle.unmap();
    this.#idle.push(staging);
    this.#backend.throwIfFailed();
    return floats;
  }

  destroy(): void {
    for (const staging of this.#idle.splice(0)) staging.destroy();
  }

  #take(bytes: number): GpuBuffer {
    const staging = this.#idle.pop();
    if (staging && staging.byteLength >= bytes) return staging;
    staging?.destroy();
    return this.#backend.createBuffer('readback', bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }
}
