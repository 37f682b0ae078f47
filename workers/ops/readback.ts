import { engineError } from '../errors';
import type { GpuBackend } from './gpuBackend';
import type { GpuBuffer } from './gpuBuffer';

/** Copies from GPU buffers to the CPU, side by side, in one submission of the caller. */
export interface Reading {
  /** Encodes the copy of the first `bytes` of `source` behind what was copied before. */
  copy(encoder: GPUCommandEncoder, source: GpuBuffer, bytes: number): void;
  /** What was copied, once what `copy` was encoded in is submitted and done. Throws DeviceLostError. */
  bytes(): Promise<ArrayBuffer>;
  /** In place of `bytes`: nobody wants what was copied, or will be. */
  discard(): void;
}

/** Copies from GPU buffers to the CPU. Staging buffers are kept: as many as reads have overlapped. */
export class Readback {
  readonly #backend: GpuBackend;
  readonly #byteLength: number;
  readonly #idle: GpuBuffer[];

  /** `byteLength` is the most that a reading takes, `overlapping` how many to expect at a time. Throws OutOfMemoryError. */
  constructor(backend: GpuBackend, byteLength: number, overlapping = 1) {
    this.#backend = backend;
    this.#byteLength = byteLength;
    this.#idle = Array.from({ length: overlapping }, () => this.#create());
  }

  begin(): Reading {
    const staging = this.#idle.pop() ?? this.#create();
    let length = 0;
    return {
      copy: (encoder, source, bytes) => {
        encoder.copyBufferToBuffer(source.handle, 0, staging.handle, length, bytes);
        length += bytes;
      },
      bytes: () => this.#bytes(staging, length),
      // Copies that are under way are done before those of the next reading.
      discard: () => void this.#idle.push(staging),
    };
  }

  async #bytes(staging: GpuBuffer, length: number): Promise<ArrayBuffer> {
    this.#backend.counters.readbacks++;
    let bytes: ArrayBuffer;
    try {
      await staging.handle.mapAsync(GPUMapMode.READ, 0, length);
      // A device that is lost this moment has unmapped it already.
      bytes = staging.handle.getMappedRange(0, length).slice(0);
    } catch (error) {
      staging.destroy();
      // Tells of memory that was not there for the staging buffer.
      await this.#backend.flush();
      throw engineError('DeviceLostError', 'The GPU device was lost while its result was being read.', error);
    }
    staging.handle.unmap();
    this.#idle.push(staging);
    this.#backend.throwIfFailed();
    return bytes;
  }

  destroy(): void {
    for (const staging of this.#idle.splice(0)) staging.destroy();
  }

  #create(): GpuBuffer {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.#backend.createBuffer('readback', this.#byteLength, usage);
  }
}
