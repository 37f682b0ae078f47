import { hasErrorName } from '../errors';
import type { KernelCompiler } from '../gpu/kernel';
import { PassTimer } from '../gpu/passTimer';
import type { KernelVariant, ProductClass } from '../protocol/kernels';
import { TILE_ROWS } from '../quant/layout';
import { Deadline } from './deadline';
import type { Graph } from './graph';
import { GpuBackend } from './gpuBackend';
import { gpuProgram, type GpuProgram } from './gpuProgram';
import type { KernelWorkload } from './kernelWorkload';
import { matrixUnitOf } from './matrixUnit';
import { cutTo, productsGraph, type ProductsGraph } from './productsGraph';

interface TimedProducts {
  /** Activation rows. */
  rows: number;
  /** A larger matrix is cut to as many rows as keep it below. */
  mostWeights: number;
  /** Bytes of different matrices that are multiplied by in turn, or fewer, where the layers of the model have fewer. */
  mostBytes: number;
}

const MIB = 1024 * 1024;
const TIMED: Record<ProductClass, TimedProducts> = {
  // One row is bound by memory: its matrices are more than most caches hold (an RTX 4090's: 72 MiB).
  matvec: { rows: 1, mostWeights: 16 * MIB, mostBytes: 128 * MIB },
  matmul: { rows: 128, mostWeights: 4 * MIB, mostBytes: 0 },
};
const MOST_REPEATS = 64;
/** Browsers round a device's clock to 0.1 ms, and a submission alone takes as much. */
const SAMPLE_MS = 4;
/** For all samples of a comparison. */
const COMPARISON_MS = 60;
const LEAST_ROUNDS = 3;

/**
 * A variant's program, how many products it computes, and how often it runs for a sample: 0 where that is still to be found
 * out.
 */
interface TimedProgram {
  program: GpuProgram;
  products: number;
  repeats: number;
}

type TimedWorkload = Omit<KernelWorkload, 'formats'>;

/** Times kernel variants at products of one shape, cut to a size that is quickly timed. */
export class ProductTimer {
  readonly #device: GPUDevice;
  readonly #compiler: KernelCompiler | undefined;
  readonly #timer: PassTimer;
  /** Of one matrix where memory is short; null where it is short even of that. */
  readonly #products: Promise<ProductsGraph | null>;
  readonly #programs = new Map<KernelVariant, Promise<TimedProgram | null>>();
  /** The run under way, or the last one. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(device: GPUDevice, products: ProductClass, workload: TimedWorkload, compiler?: KernelCompiler) {
    const { rows, mostWeights, mostBytes } = TIMED[products];
    this.#device = device;
    this.#compiler = compiler;
    this.#timer = new PassTimer(device);
    const bytes = Math.min(mostBytes, workload.layerBytes);
    const make = (bytes: number) =>
      productsGraph(trialBackend(device, 'f32'), cutTo(mostWeights, workload), rows, bytes).catch(nullIfRefused);
    this.#products = make(bytes).then((products) => products ?? make(0));
  }

  /**
   * Microseconds that each variant takes for a product, by the least of several runs in turn; Infinity for one that does
   * not compile at this size. Null where the time is over before, or memory is short. One call at a time.
   */
  async time(variants: readonly KernelVariant[], deadline: Deadline): Promise<Map<KernelVariant, number> | null> {
    const products = await deadline.wait(this.#products, null);
    if (!products || deadline.isOver) return null;
    const compiling = Promise.all(variants.map((variant) => this.#compiled(variant, products.graph)));
    const programs = await deadline.wait(compiling, null);
    if (!programs) return null;
    for (const timed of programs) {
      // Drivers may finish compiling in the first run.
      if (timed?.repeats === 0) await deadline.wait(this.#calibrate(timed, deadline), null);
      if (deadline.isOver) return null;
    }
    const samplers = programs.map((timed) => async () => (timed ? this.#sample(timed) : Infinity));
    const fastest = await fastestOf(samplers, COMPARISON_MS, deadline);
    return new Map(variants.map((variant, i) => [variant, fastest[i]! * 1000]));
  }

  /** When nothing is made or compiles any more of what was begun. Rejects where the device is lost meanwhile. */
  async settled(): Promise<void> {
    await this.#products;
    await Promise.all(this.#programs.values());
  }

  /** Gives back what was made, as soon as what is running or compiling is done. Nothing may be timed after it. */
  async destroy(): Promise<void> {
    await this.#running;
    const products = await this.#products.catch(() => null);
    for (const part of [this.#timer, ...(products?.buffers ?? [])]) part.destroy();
    const programs = await Promise.allSettled(this.#programs.values());
    for (const program of programs) if (program.status === 'fulfilled') program.value?.program.destroy();
  }

  #compiled(variant: KernelVariant, graph: Graph): Promise<TimedProgram | null> {
    let compiling = this.#programs.get(variant);
    if (!compiling) {
      const backend = trialBackend(this.#device, variant, this.#compiler);
      compiling = compileTimed(backend, graph);
      this.#programs.set(variant, compiling);
    }
    return compiling;
  }

  /** The first run of all is not counted: it is slower. */
  async #calibrate(timed: TimedProgram, deadline: Deadline): Promise<void> {
    const { program } = timed;
    const tokenIds = Array.from({ length: program.capacity }, (_, row) => row % TILE_ROWS);
    program.writeStep({ tokenIds, position: 0 });
    await this.#run(program, 1);
    if (deadline.isOver) return;
    const once = await this.#run(program, 1);
    timed.repeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(SAMPLE_MS / once)));
  }

  /** Milliseconds of one product. */
  async #sample({ program, products, repeats }: TimedProgram): Promise<number> {
    return (await this.#run(program, repeats)) / (repeats * products);
  }

  /** Milliseconds. */
  #run(program: GpuProgram, repeats: number): Promise<number> {
    const running = this.#timer.time((pass) => {
      for (let i = 0; i < repeats; i++) program.encode(pass, program.capacity, 0);
    });
    this.#running = running.catch(() => undefined);
    return running;
  }
}

/** A backend that computes with one variant, op by op. It does not own the device. */
export function trialBackend(device: GPUDevice, variant: KernelVariant, compiler?: KernelCompiler): GpuBackend {
  const kernels = { matvec: variant, matmul: variant, matrixUnit: matrixUnitOf(device) };
  return new GpuBackend(device, { fusion: false, kernels }, compiler);
}

async function compileTimed(backend: GpuBackend, graph: Graph): Promise<TimedProgram | null> {
  const products = graph.ops.filter(({ kind }) => kind === 'linear').length;
  const program = await backend.compile(graph).catch(nullIfRefused);
  return program && { program: gpuProgram(program), products, repeats: 0 };
}

/** Null for what the device has no room for or the driver refuses; any other error is thrown. */
function nullIfRefused(error: unknown): null {
  if (hasErrorName(error, 'UnsupportedError') || hasErrorName(error, 'OutOfMemoryError')) return null;
  throw error;
}

/**
 * The least that each sampler gives: all in turn, so that a slow moment is nobody's, for `budgetMs` and three rounds at
 * least; beyond the deadline, for no more than one round.
 */
export async function fastestOf(
  samplers: readonly (() => Promise<number>)[],
  budgetMs: number,
  deadline: Deadline,
): Promise<number[]> {
  const fastest = samplers.map(() => Infinity);
  const budget = new Deadline(budgetMs);
  for (let round = 0; round < 1 || (!deadline.isOver && (round < LEAST_ROUNDS || !budget.isOver)); round++) {
    for (const [i, sample] of samplers.entries()) fastest[i] = Math.min(fastest[i]!, await sample());
  }
  return fastest;
}
