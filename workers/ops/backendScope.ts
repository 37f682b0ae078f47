import { engineError, hasErrorName } from '../errors';
import type { Backend, Program } from './backend';
import type { DeviceBuffer, Graph } from './graph';
import type { TokenLoop } from './tokenLoop';

/**
 * A backend in a backend: `destroy` gives back what was made through it, and nothing else. A buffer for which there is no
 * room fails the next flush of the scope alone; the backend behind it stays usable.
 */
export class BackendScope implements Backend {
  readonly #backend: Backend;
  readonly #fallsBack: boolean;
  readonly #made: { destroy(): void }[] = [];
  /** Buffers that the device has not confirmed yet. */
  #allocations: Promise<unknown>[] = [];
  #isDestroyed = false;

  /** `fallsBack`: what the driver refuses in the kernels that were chosen for the device is compiled in plain ones. */
  constructor(backend: Backend, fallsBack = false) {
    this.#backend = backend;
    this.#fallsBack = fallsBack;
  }

  get kind() {
    return this.#backend.kind;
  }
  get counters() {
    return this.#backend.counters;
  }
  get kernelReports() {
    return this.#backend.kernelReports;
  }
  get kernelChoiceMs() {
    return this.#backend.kernelChoiceMs;
  }
  get mostBufferBytes() {
    return this.#backend.mostBufferBytes;
  }

  createBuffer(label: string, byteLength: number): DeviceBuffer {
    let buffer: DeviceBuffer | null = null;
    let refusal: unknown;
    const make = () => {
      try {
        return (buffer = this.#backend.createBuffer(label, byteLength));
      } catch (error) {
        refusal = error;
        throw error;
      }
    };
    const allocation = this.#backend.allocate(make, (made) => made.destroy());
    // The next flush reports it.
    allocation.catch(() => undefined);
    if (!buffer) throw refusal;
    this.#allocations.push(allocation);
    this.#made.push(buffer);
    return buffer;
  }

  allocate<T>(make: () => T, free: (made: T) => void): Promise<T> {
    return this.#backend.allocate(make, free);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    this.#backend.write(buffer, byteOffset, data);
  }

  copy(source: DeviceBuffer, target: DeviceBuffer, byteOffset: number, byteLength: number): void {
    this.#backend.copy(source, target, byteOffset, byteLength);
  }

  read(buffer: DeviceBuffer, byteLength: number): Promise<ArrayBuffer> {
    return this.#backend.read(buffer, byteLength);
  }

  async flush(): Promise<void> {
    await Promise.all(this.#allocations.splice(0));
    await this.#backend.flush();
  }

  /** A program that binds a buffer which is not there would be a failure of the whole backend. */
  async compile(graph: Graph, isPlain = false): Promise<Program> {
    await Promise.all(this.#allocations);
    const program = await this.#backend.compile(graph, isPlain).catch((error: unknown) => {
      if (isPlain || !this.#fallsBack || !hasErrorName(error, 'UnsupportedError')) throw error;
      return this.#backend.compile(graph, true);
    });
    if (this.#isDestroyed) {
      program.destroy();
      throw engineError('AbortError', 'what this program is part of was given back meanwhile');
    }
    this.#made.push(program);
    return program;
  }

  createTokenLoop(decode: Program, prefill: Program, vocabSize: number): Promise<TokenLoop> {
    return this.#backend.createTokenLoop(decode, prefill, vocabSize);
  }

  destroy(): void {
    this.#isDestroyed = true;
    for (const made of this.#made.splice(0)) made.destroy();
  }
}
