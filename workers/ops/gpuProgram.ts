import type { Grid } from '../gpu/grid';
import type { CompiledKernel } from '../gpu/kernel';
import { STEP_BYTES } from '../kernels/shared/step';
import type { Program, Step } from './backend';
import { planBuffers, tensorBytes } from './bufferPlan';
import type { GpuBackend } from './gpuBackend';
import type { GpuBuffer } from './gpuBuffer';
import { gpuBuffer } from './gpuBuffer';
import { fuse } from './fuse';
import type { RunGraph } from './fusedOps';
import type { Graph, Tensor } from './graph';
import type { Dispatch, Operand } from './lowering';
import { lower } from './lowering';
import { Readback } from './readback';
import { checkOutputRows, checkStep, stepLimits } from './stepLimits';
import type { StepLimits } from './stepLimits';
import { weightBytes } from './weightBytes';

/** A dispatch with everything it needs, so that a step only encodes. */
interface PreparedDispatch {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  grid: (rows: number, keys: number) => Grid;
  /** Activation rows at most. */
  rows: number;
}

/** Device memory of one program. `scratch` is shared with the backend's other programs. */
interface ProgramMemory {
  step: GpuBuffer;
  tokenIds: GpuBuffer;
  output: GpuBuffer;
  readback: Readback;
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
  readonly #dispatches: readonly PreparedDispatch[];
  readonly #step = new Uint32Array(STEP_BYTES / 4);
  readonly #tokenIds: Uint32Array<ArrayBuffer>;

  private constructor(
    backend: GpuBackend,
    graph: Graph,
    memory: ProgramMemory,
    dispatches: readonly PreparedDispatch[],
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

  /** Compiles every kernel and builds every bind group. Throws UnsupportedError, or OutOfMemoryError keeping nothing. */
  static async create(backend: GpuBackend, graph: Graph): Promise<GpuProgram> {
    const { fusion, kernels: choice } = backend.options;
    const run = (fusion ? fuse(graph) : null) ?? graph;
    const dispatches = run.ops.flatMap((op) => lower(op, choice));
    const kernels = await Promise.all(dispatches.map(({ launch }) => backend.compiler.compile(launch)));
    const free = (memory: ProgramMemory) => freeMemory(backend, memory);
    const memory = await backend.allocate(() => allocate(backend, graph.capacity, run), free);
    backend.counters.objectsCreated += dispatches.length;
    const prepared = dispatches.map((dispatch, i) => prepare(backend.device, memory, graph, dispatch, kernels[i]!));
    return new GpuProgram(backend, graph, memory, prepared);
  }

  submit(step: Step): void {
    checkStep(step, this.#limits);
    this.#submit(step);
  }

  async run(step: Step, rows: number): Promise<Float32Array<ArrayBuffer>> {
    checkStep(step, this.#limits);
    checkOutputRows(rows, this.#output);
    const { output, readback } = this.#memory;
    const reading = readback.begin(rows * this.#output.width);
    this.#submit(step, (encoder) => reading.copy(encoder, output));
    return reading.floats();
  }

  /** One compute pass and one submission; `after` may add to it. */
  #submit(step: Step, after?: (encoder: GPUCommandEncoder) => void): void {
    this.#writeStep(step);
    const keys = step.position + step.tokenIds.length;
    const encoder = this.#backend.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, grid, rows } of this.#dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid(Math.min(rows, step.tokenIds.length), keys));
    }
    pass.end();
    after?.(encoder);
    this.#backend.device.queue.submit([encoder.finish()]);
    this.#backend.counters.dispatches += this.#dispatches.length;
    this.#backend.counters.submits++;
  }

  destroy(): void {
    freeMemory(this.#backend, this.#memory);
  }

  #writeStep({ tokenIds, position }: Step): void {
    const rows = tokenIds.length;
    const { queue } = this.#backend.device;
    this.#step.set([position, rows]);
    this.#tokenIds.set(tokenIds);
    queue.writeBuffer(this.#memory.step.handle, 0, this.#step);
    queue.writeBuffer(this.#memory.tokenIds.handle, 0, this.#tokenIds, 0, rows);
    this.#backend.counters.uploadedBytes += STEP_BYTES + rows * 4;
  }
}

function allocate(backend: GpuBackend, capacity: number, graph: RunGraph): ProgramMemory {
  const { slotBytes, slotOf } = planBuffers(graph);
  // The step may be written by a kernel as well as by the host.
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const outputBytes = tensorBytes(graph.output);
  const made: { destroy(): void }[] = [];
  const keep = <T extends { destroy(): void }>(memory: T): T => {
    made.push(memory);
    return memory;
  };
  try {
    return {
      step: keep(backend.createBuffer('step', STEP_BYTES, usage)),
      tokenIds: keep(backend.createBuffer('tokenIds', capacity * 4)),
      output: keep(backend.createBuffer('output', outputBytes)),
      readback: keep(new Readback(backend, outputBytes)),
      scratch: backend.activations.acquire(slotBytes.slice(0, -1)),
      slotOf,
    };
  } catch (error) {
    for (const memory of made) memory.destroy();
    throw error;
  }
}

function freeMemory(backend: GpuBackend, { step, tokenIds, output, readback, scratch }: ProgramMemory): void {
  for (const memory of [step, tokenIds, output, readback]) memory.destroy();
  backend.activations.release(scratch);
}

function prepare(
  device: GPUDevice,
  memory: ProgramMemory,
  { output }: Graph,
  { launch, operands, rows }: Dispatch,
  { pipeline, layout }: CompiledKernel,
): PreparedDispatch {
  const resource = (operand: Operand): GPUBufferBinding => {
    if (operand === 'tokenIds') return { buffer: memory.tokenIds.handle };
    if (!('id' in operand)) return { buffer: gpuBuffer(operand).handle };
    // Pooled memory may be larger than the tensor, and than a binding may be.
    const buffer = operand.id === output.id ? memory.output : memory.scratch[memory.slotOf.get(operand.id)!]!;
    return { buffer: buffer.handle, size: tensorBytes(operand) };
  };
  const resources = [{ buffer: memory.step.handle, size: STEP_BYTES }, ...operands.map(resource)];
  const bindGroup = device.createBindGroup({
    label: launch.kernel.name,
    layout,
    entries: resources.map((entry, binding) => ({ binding, resource: entry })),
  });
  return { pipeline, bindGroup, grid: launch.grid, rows };
}
