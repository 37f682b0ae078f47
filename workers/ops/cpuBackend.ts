import { engineError } from '../errors';
import type { KernelReport } from '../protocol/kernels';
import { ActivationPool } from './activationPool';
import type { Backend, Counters, Program } from './backend';
import { CpuBuffer, cpuBuffer } from './cpuBuffer';
import { CpuProgram } from './cpuProgram';
import { CpuTokenLoop } from './cpuTokenLoop';
import { BUFFER_UNIT, type DeviceBuffer, type Graph } from './graph';
import { macrotask } from './macrotask';
import type { TokenLoop } from './tokenLoop';

/** Computes with the kernels' reference implementations, in this thread: for small models, and as a second opinion. */
export class CpuBackend implements Backend {
  readonly kind = 'cpu';
  readonly counters: Counters = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    uploadedBytes: 0,
    heldBytes: 0,
    objectsCreated: 0,
  };
  readonly kernelReports: readonly KernelReport[] = [{ name: 'TypeScript reference', state: 'active' }];
  readonly kernelChoiceMs = null;
  readonly mostBufferBytes = Infinity;
  readonly activations = new ActivationPool((bytes) => this.createBuffer('activations', bytes));

  createBuffer(label: string, byteLength: number): CpuBuffer {
    const size = Math.ceil(byteLength / BUFFER_UNIT) * BUFFER_UNIT;
    try {
      const buffer = new CpuBuffer(size, (bytes) => {
        this.counters.heldBytes -= bytes;
      });
      this.counters.heldBytes += size;
      return buffer;
    } catch (error) {
      throw engineError('OutOfMemoryError', `There are no ${size} bytes left for ${label}.`, error);
    }
  }

  /** There is room, or `make` throws. */
  async allocate<T>(make: () => T): Promise<T> {
    return make();
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    cpuBuffer(buffer).bytes.set(data, byteOffset);
    this.counters.uploadedBytes += data.byteLength;
  }

  copy(source: DeviceBuffer, target: DeviceBuffer, byteOffset: number, byteLength: number): void {
    cpuBuffer(target).bytes.set(cpuBuffer(source).bytes.subarray(0, byteLength), byteOffset);
  }

  read(buffer: DeviceBuffer, byteLength: number): Promise<ArrayBuffer> {
    return Promise.resolve(cpuBuffer(buffer).bytes.slice(0, byteLength).buffer);
  }

  flush(): Promise<void> {
    return macrotask();
  }

  compile(graph: Graph): Promise<Program> {
    return Promise.resolve(new CpuProgram(this, graph));
  }

  createTokenLoop(decode: Program, _prefill: Program, vocabSize: number): Promise<TokenLoop> {
    return Promise.resolve(new CpuTokenLoop(decode, vocabSize));
  }

  destroy(): void {
    this.counters.heldBytes = 0;
  }
}
