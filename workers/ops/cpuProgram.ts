import type { Program, Step } from './backend';
import { planBuffers, tensorBytes } from './bufferPlan';
import type { CpuBackend } from './cpuBackend';
import { type CpuBuffer, cpuBuffer } from './cpuBuffer';
import type { CpuOp } from './cpuOps';
import { prepareOp } from './cpuOps';
import type { Graph, Tensor } from './graph';
import { macrotask } from './macrotask';
import type { StepLimits } from './stepLimits';
import { checkOutputRows, checkStep, stepLimits } from './stepLimits';
import { weightBytes } from './weightBytes';

/** A graph in plain TypeScript: `submit` computes before it returns. */
export class CpuProgram implements Program {
  readonly capacity: number;
  readonly weightBytes: number;
  readonly #backend: CpuBackend;
  readonly #limits: StepLimits;
  readonly #outputTensor: Tensor;
  readonly #output: CpuBuffer;
  readonly #scratch: CpuBuffer[];
  readonly #ops: readonly CpuOp[];

  constructor(backend: CpuBackend, graph: Graph) {
    const { slotBytes, slotOf } = planBuffers(graph);
    this.capacity = graph.capacity;
    this.weightBytes = weightBytes(graph);
    this.#backend = backend;
    this.#limits = stepLimits(graph);
    this.#outputTensor = graph.output;
    this.#output = backend.createBuffer('output', tensorBytes(graph.output));
    this.#scratch = backend.activations.acquire(slotBytes.slice(0, -1));
    const slots = [...this.#scratch, this.#output];
    const memoryOf = ({ id, memory }: Tensor) => (memory ? cpuBuffer(memory) : slots[slotOf.get(id)!]!);
    this.#ops = graph.ops.map((op) => prepareOp(op, (tensor) => memoryOf(tensor).floats));
  }

  get output(): CpuBuffer {
    return this.#output;
  }

  submit(step: Step): void {
    checkStep(step, this.#limits);
    for (const run of this.#ops) run(step);
    this.#backend.counters.dispatches += this.#ops.length;
    this.#backend.counters.submits++;
  }

  *parts(step: Step, size: () => number): Generator<number, void> {
    checkStep(step, this.#limits);
    for (let first = 0; first < this.#ops.length;) {
      const part = this.#ops.slice(first, first + Math.max(1, size()));
      for (const run of part) run(step);
      this.#backend.counters.dispatches += part.length;
      this.#backend.counters.submits++;
      yield part.length;
      first += part.length;
    }
  }

  async run(step: Step, rows: number): Promise<Float32Array<ArrayBuffer>> {
    const { width } = this.#outputTensor;
    checkOutputRows(rows, this.#outputTensor);
    this.submit(step);
    this.#backend.counters.readbacks++;
    const floats = this.#output.floats.slice(0, rows * width);
    await macrotask();
    return floats;
  }

  destroy(): void {
    this.#output.destroy();
    this.#backend.activations.release(this.#scratch);
  }
}
