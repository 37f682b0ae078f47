import { engineError } from '../errors';
import { rejectWhenLost } from '../gpu/device';
import { KernelCompiler, type CompiledKernel, type Launch } from '../gpu/kernel';
import type { KernelReport } from '../protocol/kernels';
import { ActivationPool } from './activationPool';
import type { Backend, Counters, Program } from './backend';
import { GpuBuffer, gpuBuffer } from './gpuBuffer';
import { GpuProgram, gpuProgram } from './gpuProgram';
import { GpuTokenLoop } from './gpuTokenLoop';
import { PLAIN_KERNELS, type KernelChoice } from './kernelChoice';
import { BUFFER_UNIT, type DeviceBuffer, type Graph } from './graph';
import { Readback } from './readback';
import type { TokenLoop } from './tokenLoop';

interface Copy {
  source: GpuBuffer;
  target: GpuBuffer;
  byteOffset: number;
  byteLength: number;
}

const STORAGE_USAGE = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;

export interface GpuBackendOptions {
  /** Without it, every op is a dispatch of its own. */
  fusion: boolean;
  kernels: KernelChoice;
  /** How the kernels were chosen. */
  kernelReports: readonly KernelReport[];
  /** How long that took. */
  kernelChoiceMs: number | null;
}

/** Computes on a WebGPU device: graphs become dispatches, prebuilt once and replayed with one submit per step. */
export class GpuBackend implements Backend {
  readonly kind = 'webgpu';
  readonly counters: Counters = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    uploadedBytes: 0,
    heldBytes: 0,
    objectsCreated: 0,
  };
  /** Taken by `allocateInTurn`. */
  readonly activations = new ActivationPool((bytes) => this.createBuffer('activations', bytes));
  /** Outcomes of the allocations that nobody has waited for yet. */
  #allocations: Promise<Error | null>[] = [];
  /** The last one that waits its turn. */
  #lastInTurn: Promise<unknown> = Promise.resolve();
  /** Not submitted yet: they go with whatever comes next. */
  #copies: Copy[] = [];
  #failure: Error | null = null;
  /** Reject the waits under way: a reaction on the loss for each would live as long as the device. */
  readonly #waiting = new Set<(reason: unknown) => void>();

  readonly options: GpuBackendOptions;

  /** Takes over the device: `destroy` destroys it. Backends of one device may share its `compiler`. */
  constructor(
    readonly device: GPUDevice,
    options: Partial<GpuBackendOptions> = {},
    readonly compiler = new KernelCompiler(device),
  ) {
    this.options = { fusion: true, kernels: PLAIN_KERNELS, kernelReports: [], kernelChoiceMs: null, ...options };
    rejectWhenLost(device).catch((reason: Error) => {
      this.#failure ??= reason;
      for (const reject of this.#waiting) reject(reason);
    });
    device.addEventListener('uncapturederror', ({ error }) => {
      this.#failure ??= deviceError(error);
    });
  }

  get kernelReports(): readonly KernelReport[] {
    return this.options.kernelReports;
  }

  get kernelChoiceMs(): number | null {
    return this.options.kernelChoiceMs;
  }

  /** Kernels bind whole buffers; scratch is made for the largest tensor in it. */
  get mostBufferBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  createBuffer(label: string, byteLength: number, usage = STORAGE_USAGE()): GpuBuffer {
    const size = Math.ceil(byteLength / BUFFER_UNIT) * BUFFER_UNIT;
    const most = usage & GPUBufferUsage.STORAGE ? this.mostBufferBytes : this.device.limits.maxBufferSize;
    if (size > most) {
      throw engineError('OutOfMemoryError', `${label} needs ${size} bytes; this GPU allows ${most} per buffer.`);
    }
    this.device.pushErrorScope('out-of-memory');
    const handle = this.device.createBuffer({ label, size, usage });
    this.#allocations.push(this.#finishAllocation(label, size));
    this.counters.heldBytes += size;
    this.counters.objectsCreated++;
    return new GpuBuffer(handle, size, () => {
      this.counters.heldBytes -= size;
    });
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    this.#submitCopies();
    // Chunks from storage are never shared memory, which is all that the narrower type asks.
    this.device.queue.writeBuffer(gpuBuffer(buffer).handle, byteOffset, data as Uint8Array<ArrayBuffer>);
    this.counters.uploadedBytes += data.byteLength;
  }

  copy(source: DeviceBuffer, target: DeviceBuffer, byteOffset: number, byteLength: number): void {
    this.#copies.push({ source: gpuBuffer(source), target: gpuBuffer(target), byteOffset, byteLength });
  }

  async read(buffer: DeviceBuffer, byteLength: number): Promise<ArrayBuffer> {
    const readback = new Readback(this, byteLength);
    try {
      const reading = readback.begin();
      const encoder = this.commandEncoder();
      reading.copy(encoder, gpuBuffer(buffer), byteLength);
      this.submit(encoder);
      return await reading.bytes();
    } finally {
      readback.destroy();
    }
  }

  async flush(): Promise<void> {
    this.#submitCopies();
    const work = this.device.queue.onSubmittedWorkDone();
    const outcomes = await this.#untilLost(Promise.all([...this.#allocations.splice(0), work.then(() => null)]));
    this.#failure ??= firstError(outcomes);
    this.throwIfFailed();
  }

  /** Throws the loss of the device, or its first error outside any scope: results since then cannot be trusted. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure;
  }

  async allocate<T>(make: () => T, free: (made: T) => void): Promise<T> {
    const others = this.#allocations;
    const own: Promise<Error | null>[] = [];
    let made: T;
    try {
      this.#allocations = own;
      made = make();
    } finally {
      this.#allocations = others;
    }
    const failure = firstError(await this.#untilLost(Promise.all(own)));
    if (!failure) return made;
    free(made);
    throw failure;
  }

  /** As `allocate`, one after the other: memory that `make` shares with others is there by then, or given back. */
  allocateInTurn<T>(make: () => T, free: (made: T) => void): Promise<T> {
    const allocation = this.#lastInTurn.then(() => this.allocate(make, free));
    this.#lastInTurn = allocation.catch(() => undefined);
    return allocation;
  }

  /** Throws UnsupportedError or DeviceLostError. */
  compileKernel(launch: Launch): Promise<CompiledKernel> {
    return this.compiler.compile(launch, () => this.counters.objectsCreated++);
  }

  async compile(graph: Graph, isPlain = false): Promise<Program> {
    // What has failed before is not the fault of this graph.
    await this.flush();
    const { kernels } = this.options;
    const plain = { ...PLAIN_KERNELS, isOnProcessor: kernels.isOnProcessor };
    const program = await GpuProgram.create(this, graph, isPlain ? plain : kernels);
    await this.flush();
    return program;
  }

  /** For the next submission, which begins with the copies asked for since the last one. */
  commandEncoder(): GPUCommandEncoder {
    const encoder = this.device.createCommandEncoder();
    for (const { source, target, byteOffset, byteLength } of this.#copies.splice(0)) {
      encoder.copyBufferToBuffer(source.handle, 0, target.handle, byteOffset, byteLength);
    }
    return encoder;
  }

  /** Submits what `encoder` holds, and counts it. */
  submit(encoder: GPUCommandEncoder): void {
    this.device.queue.submit([encoder.finish()]);
    this.counters.submits++;
  }

  createTokenLoop(decode: Program, prefill: Program, vocabSize: number): Promise<TokenLoop> {
    return GpuTokenLoop.create(this, gpuProgram(decode), gpuProgram(prefill), vocabSize);
  }

  destroy(): void {
    this.device.destroy();
    this.counters.heldBytes = 0;
  }

  #submitCopies(): void {
    if (this.#copies.length > 0) this.submit(this.commandEncoder());
  }

  async #finishAllocation(label: string, size: number): Promise<Error | null> {
    const error = await this.device.popErrorScope().catch(() => null);
    return error && engineError('OutOfMemoryError', `The GPU has no ${size} bytes left for ${label}.`, error);
  }

  /** What `work` resolves to. Rejects when it does, or when the device is lost. */
  #untilLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      void work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
      // Of a loss in the past nobody is told again.
      if (this.#failure) reject(this.#failure);
    });
  }
}

function firstError(outcomes: (Error | null)[]): Error | null {
  return outcomes.find((outcome) => outcome !== null) ?? null;
}

function deviceError(error: GPUError): Error {
  const name = error instanceof GPUOutOfMemoryError ? 'OutOfMemoryError' : 'UnsupportedError';
  return engineError(name, `The GPU refused a command: ${error.message}`, error);
}
