import { engineError } from '../errors';
import type { GpuBackend } from './gpuBackend';
import type { GpuBuffer } from './gpuBuffer';

/** One copy from a GPU buffer to the CPU. */
export interface Reading {
  /** Encodes the copy of the first floats of `source`. */
  copy(encoder: GPUCommandEncoder, source: GpuBuffer): void;
  /** The floats, once what `copy` was encoded in is submitted and done. Throws DeviceLostError. */
  floats(): Promise<Float32Array<ArrayBuffer>>;
}

/** Copies floats from a GPU buffer to the CPU. Staging buffers are kept: one, and more where reads have overlapped. */
export class Readback {
  readonly #backend: GpuBackend;
  readonly #idle: GpuBuffer[] = [];

  /** `bytes` is the most that is read. Throws OutOfMemoryError. */
  constructor(backend: GpuBackend, bytes: number) {
    this.#backend = backend;
    this.#idle.push(this.#take(bytes));
  }

  /** Takes a staging buffer for `count` floats, to be copied to in a submission of the caller. */
  begin(count: number): Reading {
    const bytes = count * 4;
    const staging = this.#take(bytes);
    return {
      copy: (encoder, source) => encoder.copyBufferToBuffer(source.handle, 0, staging.handle, 0, bytes),
      floats: () => this.#floats(staging, bytes),
    };
  }

  async #floats(staging: GpuBuffer, bytes: number): Promise<Float32Array<ArrayBuffer>> {
    this.#backend.counters.readbacks++;
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
