import type { CompiledKernel } from '../gpu/kernel';
import { STEP_BYTES } from '../kernels/shared/step';
import type { Program, Step } from './backend';
import { planBuffers, tensorBytes } from './bufferPlan';
import { encodeDispatch, prepareDispatch, type PreparedDispatch } from './dispatch';
import type { GpuBackend } from './gpuBackend';
import type { GpuBuffer } from './gpuBuffer';
import { gpuBuffer } from './gpuBuffer';
import { fuse } from './fuse';
import type { RunGraph } from './fusedOps';
import type { Graph, Tensor } from './graph';
import type { KernelChoice } from './kernelChoice';
import type { Dispatch, Operand } from './lowering';
import { lower } from './lowering';
import { Readback } from './readback';
import { checkOutputRows, checkStep, stepLimits } from './stepLimits';
import type { StepLimits } from './stepLimits';
import { weightBytes } from './weightBytes';

/** A dispatch of a program, with the activation rows it has at most. */
interface ProgramDispatch extends PreparedDispatch {
  rows: number;
}

/** What a caller adds to the last submission of a step: dispatches behind the program's own, and copies behind those. */
export interface StepEnd {
  compute?: (pass: GPUComputePassEncoder) => void;
  copy?: (encoder: GPUCommandEncoder) => void;
}

/** Device memory of one program. `scratch` is shared with the backend's other programs. */
interface ProgramMemory {
  step: GpuBuffer;
  tokenIds: GpuBuffer;
  output: GpuBuffer;
  scratch: GpuBuffer[];
  slotOf: Map<number, number>;
}

/** A graph on the GPU. Runs are ordered by the device's queue. */
export class GpuProgram implements Program {
  readonly capacity: number;
  readonly weightBytes: number;
  readonly #backend: GpuBackend;
  readonly #limits: StepLimits;
  readonly #output: Tensor;
  readonly #memory: ProgramMemory;
  /** Made by the first `run`: most programs leave their output on the device. */
  #readback: Promise<Readback> | null = null;
  readonly #dispatches: readonly ProgramDispatch[];
  readonly #step = new Uint32Array(STEP_BYTES / 4);
  readonly #tokenIds: Uint32Array<ArrayBuffer>;

  private constructor(
    backend: GpuBackend,
    graph: Graph,
    memory: ProgramMemory,
    dispatches: readonly ProgramDispatch[],
  ) {
    this.capacity = graph.capacity;
    this.weightBytes = weightBytes(graph);
    this.#backend = backend;
    this.#limits = stepLimits(graph);
    this.#output = graph.output;
    this.#memory = memory;
    this.#dispatches = dispatches;
    this.#tokenIds = new Uint32Array(graph.capacity);
  }

  /**
   * Compiles every kernel and builds every bind group. Throws UnsupportedError or DeviceLostError, or OutOfMemoryError
   * keeping nothing.
   */
  static async create(backend: GpuBackend, graph: Graph, choice: KernelChoice): Promise<GpuProgram> {
    const run = (backend.options.fusion ? fuse(graph) : null) ?? graph;
    const dispatches = run.ops.flatMap((op) => lower(op, choice));
    const kernels = await Promise.all(dispatches.map(({ launch }) => backend.compileKernel(launch)));
    const free = (memory: ProgramMemory) => freeMemory(backend, memory);
    const memory = await backend.allocateInTurn(() => allocate(backend, graph.capacity, run), free);
    backend.counters.objectsCreated += dispatches.length;
    const prepared = dispatches.map((dispatch, i) => prepare(backend.device, memory, graph, dispatch, kernels[i]!));
    return new GpuProgram(backend, graph, memory, prepared);
  }

  get step(): GpuBuffer {
    return this.#memory.step;
  }

  get tokenIds(): GpuBuffer {
    return this.#memory.tokenIds;
  }

  get output(): GpuBuffer {
    return this.#memory.output;
  }

  /** Rows of the output: the capacity, or the last row alone. */
  get outputRows(): number {
    return this.#output.rows;
  }

  /** Row stride of the output in floats. */
  get outputWidth(): number {
    return this.#output.width;
  }

  submit(step: Step): void {
    this.writeStep(step);
    this.submitWhole(step.tokenIds.length, step.position);
  }

  *parts(step: Step, size: () => number): Generator<number, void> {
    this.writeStep(step);
    yield* this.submitParts(step.tokenIds.length, step.position, size);
  }

  async run(step: Step, rows: number): Promise<Float32Array<ArrayBuffer>> {
    checkOutputRows(rows, this.#output);
    const readback = await (this.#readback ??= this.#createReadback());
    this.writeStep(step);
    const reading = readback.begin();
    const copy = (encoder: GPUCommandEncoder) => reading.copy(encoder, this.output, rows * this.#output.width * 4);
    this.submitWhole(step.tokenIds.length, step.position, { copy });
    return new Float32Array(await reading.bytes());
  }

  /** Gives the dispatches submitted next their step. Throws RangeError for one that does not fit. */
  writeStep(step: Step): void {
    checkStep(step, this.#limits);
    const { tokenIds, position } = step;
    const rows = tokenIds.length;
    const { queue } = this.#backend.device;
    this.#step.set([position, rows]);
    this.#tokenIds.set(tokenIds);
    queue.writeBuffer(this.#memory.step.handle, 0, this.#step);
    queue.writeBuffer(this.#memory.tokenIds.handle, 0, this.#tokenIds, 0, rows);
    this.#backend.counters.uploadedBytes += STEP_BYTES + rows * 4;
  }

  /** Encodes the forward pass of a step of `rows` rows that stands, or will stand, in the program's step buffer. */
  encode(pass: GPUComputePassEncoder, rows: number, position: number): void {
    this.#encode(pass, rows, position, 0, this.#dispatches.length);
  }

  /** Computes such a step in one submission. */
  submitWhole(rows: number, position: number, end: StepEnd = {}): void {
    this.#submit(rows, position, 0, this.#dispatches.length, end);
  }

  /** The same in several submissions, as `parts` does. */
  *submitParts(rows: number, position: number, size: () => number, end: StepEnd = {}): Generator<number, void> {
    const count = this.#dispatches.length;
    for (let first = 0; first < count;) {
      const next = Math.min(first + Math.max(1, size()), count);
      this.#submit(rows, position, first, next, next === count ? end : {});
      yield next - first;
      first = next;
    }
  }

  #encode(pass: GPUComputePassEncoder, rows: number, position: number, first: number, next: number): void {
    for (let i = first; i < next; i++) {
      const dispatch = this.#dispatches[i]!;
      const encoded = encodeDispatch(pass, dispatch, Math.min(dispatch.rows, rows), position + rows);
      this.#backend.counters.dispatches += encoded;
    }
  }

  /** One compute pass with the dispatches from `first` to before `next`, in one submission. */
  #submit(rows: number, position: number, first: number, next: number, end: StepEnd): void {
    const encoder = this.#backend.commandEncoder();
    const pass = encoder.beginComputePass();
    this.#encode(pass, rows, position, first, next);
    end.compute?.(pass);
    pass.end();
    end.copy?.(encoder);
    this.#backend.submit(encoder);
  }

  destroy(): void {
    this.#readback?.then((readback) => readback.destroy()).catch(() => undefined);
    freeMemory(this.#backend, this.#memory);
  }

  /** Throws OutOfMemoryError; the next run tries again. */
  async #createReadback(): Promise<Readback> {
    const make = () => new Readback(this.#backend, tensorBytes(this.#output));
    try {
      return await this.#backend.allocate(make, (readback) => readback.destroy());
    } catch (error) {
      this.#readback = null;
      throw error;
    }
  }
}

function allocate(backend: GpuBackend, capacity: number, graph: RunGraph): ProgramMemory {
  const { slotBytes, slotOf } = planBuffers(graph);
  // The step may be written by a kernel as well as by the host.
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const made: { destroy(): void }[] = [];
  const keep = <T extends { destroy(): void }>(memory: T): T => {
    made.push(memory);
    return memory;
  };
  try {
    return {
      step: keep(backend.createBuffer('step', STEP_BYTES, usage)),
      tokenIds: keep(backend.createBuffer('tokenIds', capacity * 4)),
      output: keep(backend.createBuffer('output', tensorBytes(graph.output))),
      scratch: backend.activations.acquire(slotBytes.slice(0, -1)),
      slotOf,
    };
  } catch (error) {
    for (const memory of made) memory.destroy();
    throw error;
  }
}

function freeMemory(backend: GpuBackend, { step, tokenIds, output, scratch }: ProgramMemory): void {
  for (const memory of [step, tokenIds, output]) memory.destroy();
  backend.activations.release(scratch);
}

function prepare(
  device: GPUDevice,
  memory: ProgramMemory,
  { output }: Graph,
  { launch, operands, rows }: Dispatch,
  kernel: CompiledKernel,
): ProgramDispatch {
  const resource = (operand: Operand): GPUBufferBinding => {
    if (operand === 'tokenIds') return { buffer: memory.tokenIds.handle };
    if (!('id' in operand)) return { buffer: gpuBuffer(operand).handle };
    if (operand.memory) return { buffer: gpuBuffer(operand.memory).handle, size: tensorBytes(operand) };
    // Pooled memory may be larger than the tensor, and than a binding may be.
    const buffer = operand.id === output.id ? memory.output : memory.scratch[memory.slotOf.get(operand.id)!]!;
    return { buffer: buffer.handle, size: tensorBytes(operand) };
  };
  const resources = [{ buffer: memory.step.handle, size: STEP_BYTES }, ...operands.map(resource)];
  return { ...prepareDispatch(device, launch, kernel, resources), rows };
}

/** The GPU program behind a Program. Throws TypeError for one that another backend made. */
export function gpuProgram(program: Program): GpuProgram {
  if (program instanceof GpuProgram) return program;
  throw new TypeError('this program was made by another backend');
}
