import { hasErrorName } from '../errors';
import type { KernelCompiler } from '../gpu/kernel';
import { PassTimer } from '../gpu/passTimer';
import type { KernelVariant, ProductClass } from '../protocol/kernels';
import { TILE_ROWS } from '../quant/layout';
import type { DeviceBuffer, Graph, Matrix } from './graph';
import { Ops } from './graph';
import { GpuBackend } from './gpuBackend';
import { gpuProgram, type GpuProgram } from './gpuProgram';
import { matrixUnitOf } from './matrixUnit';
import type { MatrixShape } from './kernelWorkload';
import { trialMatrix } from './trialMatrix';

interface TimedProducts {
  /** Activation rows. */
  rows: number;
  /** A larger matrix is cut to as many rows as keep it below. */
  mostWeights: number;
  /** Bytes of different matrices that are multiplied by in turn: more than caches hold, where memory is what counts. */
  bytes: number;
}

const MIB = 1024 * 1024;
const TIMED: Record<ProductClass, TimedProducts> = {
  matvec: { rows: 1, mostWeights: 16 * MIB, bytes: 64 * MIB },
  matmul: { rows: 128, mostWeights: 4 * MIB, bytes: 0 },
};
const MOST_MATRICES = 8;
const MOST_REPEATS = 64;
/** Browsers round a device's clock to 0.1 ms, and a submission alone takes as much. */
const SAMPLE_MS = 4;
/** For all samples of a class. */
const BUDGET_MS = 250;
const LEAST_ROUNDS = 3;

/**
 * Microseconds that each variant takes for a product of this shape, cut to a size that is quickly timed; Infinity for one
 * that does not compile at that size.
 */
export async function timeVariants(
  device: GPUDevice,
  products: ProductClass,
  shape: MatrixShape,
  variants: readonly KernelVariant[],
  compiler?: KernelCompiler,
): Promise<Map<KernelVariant, number>> {
  const { rows, mostWeights, bytes } = TIMED[products];
  const backends = variants.map((variant) => trialBackend(device, variant, compiler));
  const timer = new PassTimer(device);
  const made: { destroy(): void }[] = [timer];
  try {
    const graph = productsGraph(backends[0]!, cutTo(mostWeights, shape), rows, bytes, (buffer) => made.push(buffer));
    const count = graph.ops.length - 1;
    const programs = await Promise.all(backends.map((backend) => programOf(backend, graph)));
    made.push(...programs.filter((program) => program !== null));
    const samplers: (() => Promise<number>)[] = [];
    for (const program of programs) {
      const repeats = program ? await repeatsFor(timer, program) : 1;
      samplers.push(async () => (program ? (await runTimed(timer, program, repeats)) / (repeats * count) : Infinity));
    }
    const fastest = await fastestOf(samplers, BUDGET_MS);
    return new Map(variants.map((variant, i) => [variant, fastest[i]! * 1000]));
  } finally {
    for (const part of made) part.destroy();
  }
}

/** A backend that computes with one variant, op by op. It does not own the device. */
export function trialBackend(device: GPUDevice, variant: KernelVariant, compiler?: KernelCompiler): GpuBackend {
  const kernels = { matvec: variant, matmul: variant, matrixUnit: matrixUnitOf(device) };
  return new GpuBackend(device, { fusion: false, kernels }, compiler);
}

async function programOf(backend: GpuBackend, graph: Graph): Promise<GpuProgram | null> {
  try {
    return gpuProgram(await backend.compile(graph));
  } catch (error) {
    if (hasErrorName(error, 'UnsupportedError') || hasErrorName(error, 'OutOfMemoryError')) return null;
    throw error;
  }
}

/** The least that each sampler gives: all in turn, so that a slow moment is nobody's, until `budgetMs` are over. */
export async function fastestOf(
  samplers: readonly (() => Promise<number>)[],
  budgetMs: number,
  now = () => performance.now(),
): Promise<number[]> {
  const fastest = samplers.map(() => Infinity);
  const started = now();
  for (let round = 0; round < LEAST_ROUNDS || now() - started < budgetMs; round++) {
    for (const [i, sample] of samplers.entries()) fastest[i] = Math.min(fastest[i]!, await sample());
  }
  return fastest;
}

/** Products of the same activations with several matrices, one after the other. */
function productsGraph(
  backend: GpuBackend,
  shape: MatrixShape,
  rows: number,
  bytes: number,
  keep: (buffer: DeviceBuffer) => void,
): Graph {
  const matrix = (shape: MatrixShape, packed: Uint8Array): Matrix => {
    const buffer = backend.createBuffer('tuning', packed.byteLength);
    keep(buffer);
    backend.write(buffer, 0, packed);
    return { ...shape, shards: [{ rowStart: 0, rows: shape.rows, buffer }] };
  };
  const packed = trialMatrix(shape.format, shape.rows, shape.columns, 1);
  const copies = Math.min(MOST_MATRICES, Math.max(1, Math.ceil(bytes / packed.byteLength)));
  const tableShape = { format: 'f32' as const, rows: TILE_ROWS, columns: shape.columns };
  const ops = new Ops(rows);
  const x = ops.embedding(matrix(tableShape, trialMatrix('f32', TILE_ROWS, shape.columns)), 1);
  let out = x;
  for (let copy = 0; copy < copies; copy++) out = ops.linear(x, matrix(shape, packed));
  return ops.graph(out);
}

/** The first rows of a matrix, whole tiles, that come to no more than so many weights. */
export function cutTo(mostWeights: number, { format, rows, columns }: MatrixShape): MatrixShape {
  const tiles = Math.max(1, Math.floor(mostWeights / (TILE_ROWS * columns)));
  return { format, rows: Math.min(rows, tiles * TILE_ROWS), columns };
}

/** Runs of a program that take about SAMPLE_MS. The first run of all is not counted: it is slower. */
async function repeatsFor(timer: PassTimer, program: GpuProgram): Promise<number> {
  const tokenIds = Array.from({ length: program.capacity }, (_, row) => row % TILE_ROWS);
  program.writeStep({ tokenIds, position: 0 });
  await runTimed(timer, program, 1);
  const once = await runTimed(timer, program, 1);
  return Math.max(1, Math.min(MOST_REPEATS, Math.round(SAMPLE_MS / once)));
}

/** Milliseconds. */
function runTimed(timer: PassTimer, program: GpuProgram, repeats: number): Promise<number> {
  return timer.time((pass) => {
    for (let i = 0; i < repeats; i++) program.encode(pass, program.capacity, 0);
  });
}
