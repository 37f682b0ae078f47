import type { KernelVariant, ProductClass } from '../protocol/kernels';
import { linearReference } from '../quant/cpuLinear';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout, paddedWidth } from '../quant/layout';
import { packTile } from '../quant/packTile';
import type { Backend } from './backend';
import { Ops, type DeviceBuffer, type Matrix } from './graph';
import type { MatrixShape } from './kernelWorkload';
import { trialMatrix, trialNumbers } from './trialMatrix';

/**
 * No whole number of tiles, five superblocks of which one is cut short. As many columns as make the workgroups of `matvec`
 * as large as those of real models: 8 slices of 4 blocks or more (kernels/shared/tileProducts.ts).
 */
const ROWS = 70;
const COLUMNS = 1032;
/** Two superblocks, of which one is cut short. */
const BRIEF_COLUMNS = 264;
/** A program has room for `capacity` rows; `rows` rows go through it in as many steps as that takes. */
interface Case {
  capacity: number;
  rows: number;
}
/** Single rows, drafts, prompts. */
const CASES: Record<ProductClass, readonly Case[]> = {
  matvec: [
    { capacity: 1, rows: 3 },
    { capacity: 8, rows: 3 },
  ],
  matmul: [{ capacity: 24, rows: 20 }],
};
/** Rows of activations: the same for all cases, so that one pipeline looks them up. */
const TABLE_ROWS = 20;
/** What the largest activations of trained models come to. */
const OUTLIER = 1e4;
/**
 * Power of ten of the smallest rows. Matrix units take activations unscaled, and GPUs may take subnormal halves for zero:
 * what is smaller than the smallest normal half must be a small part of a row.
 */
const leastExponent = (variant: KernelVariant) => (variant === 'subgroup-matrix' ? -2 : -4);

/** Largest normalised mean squared error of a row of products: far above a variant's rounding, far below a wrong result. */
const LIMITS: Record<KernelVariant, number> = {
  f32: 1e-9,
  subgroups: 1e-9,
  registers: 1e-9,
  f16: 1e-4,
  'subgroup-matrix': 1e-4,
  int8: 1e-6,
};

/** What a self-test found. */
export interface SelfTestResult {
  /** Null where products are as right as the variant should be, else a sentence that says how wrong they are. */
  wrong: string | null;
  /** False where rows of a small batch are seen to differ from single rows in some bit. */
  isBatchExact: boolean;
}

export interface SelfTestOptions {
  /** Leaves out what takes software long to compile or to compute. */
  isBrief?: boolean;
  /** Nothing is computed before this is resolved: something else on the device is timed. */
  idle?: Promise<unknown>;
}

/**
 * Computes a few small products on a backend and compares them with plain TypeScript, and with each other. Throws what the
 * backend throws.
 */
export async function selfTest(
  backend: Backend,
  products: ProductClass,
  variant: KernelVariant,
  format: MatrixFormat,
  { isBrief = false, idle = Promise.resolve() }: SelfTestOptions = {},
): Promise<SelfTestResult> {
  const columns = isBrief ? BRIEF_COLUMNS : COLUMNS;
  const cases = CASES[products].slice(0, isBrief ? 1 : undefined);
  const mostRows = Math.max(...cases.map(({ rows }) => rows));
  const packed = trialMatrix(format, ROWS, columns);
  const x = activations(leastExponent(variant), columns);
  const want = new Float32Array(mostRows * ROWS);
  linearReference(format, packed, ROWS, columns, x, columns, mostRows, want, ROWS, 0);
  const weight = placed(backend, { format, rows: ROWS, columns });
  const table = placed(backend, { format: 'f32', rows: TABLE_ROWS, columns });
  try {
    const uploading = idle.then(() => {
      backend.write(bufferOf(weight), 0, packed);
      backend.write(bufferOf(table), 0, packedRows(x, columns));
    });
    const runs = cases.map((one) => run(backend, table, weight, one, uploading));
    // All of them: none is to run on memory that is freed.
    const failure = (await Promise.allSettled([...runs, uploading])).find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
    const results = await Promise.all(runs);
    const error = Math.max(...results.map((got) => worstError(got, want)));
    const figures = `squared error ${error.toExponential(1)} of the result's square, ${LIMITS[variant]} allowed`;
    const wrong = `computes products with ${format} weights wrong on this device (${figures})`;
    return { wrong: error <= LIMITS[variant] ? null : wrong, isBatchExact: haveSameBits(results) };
  } finally {
    for (const matrix of [weight, table]) bufferOf(matrix).destroy();
  }
}

/** Rows of very different magnitudes, inside a row and from row to row, every third with an outlier. [TABLE_ROWS, columns] */
function activations(leastExponent: number, columns: number): Float32Array<ArrayBuffer> {
  const next = trialNumbers(1);
  const x = new Float32Array(TABLE_ROWS * columns);
  for (let row = 0; row < TABLE_ROWS; row++) {
    const magnitude = 10 ** (leastExponent + (row % (3 - leastExponent)));
    for (let column = 0; column < columns; column++) {
      x[row * columns + column] = magnitude * (2 * next() - 1) * (column % 5 === 0 ? 10 : 1);
    }
    if (row % 3 === 1) x[row * columns + ((row * 37 + 50) % columns)] = row % 2 === 0 ? OUTLIER : -OUTLIER;
  }
  return x;
}

/** The rows as a table that an embedding looks them up in: f32 weights are packed without loss. */
function packedRows(x: Float32Array, columns: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(matrixLayout('f32', TABLE_ROWS, columns).bytes);
  packTile('f32', x, TABLE_ROWS, columns, packed, 0);
  return packed;
}

/** A matrix that is still to be written. */
function placed(backend: Backend, { format, rows, columns }: MatrixShape): Matrix {
  const buffer = backend.createBuffer('self-test', matrixLayout(format, rows, columns).bytes);
  return { format, rows, columns, shards: [{ rowStart: 0, rows, buffer }] };
}

function bufferOf({ shards }: Matrix): DeviceBuffer {
  return shards[0]!.buffer;
}

/** Products of the first rows of the table, once that is `uploading` no more. [rows, padded ROWS] */
async function run(
  backend: Backend,
  table: Matrix,
  weight: Matrix,
  { capacity, rows }: Case,
  uploading: Promise<void>,
): Promise<Float32Array> {
  const ops = new Ops(capacity);
  const program = await backend.compile(ops.graph(ops.linear(ops.embedding(table, 1), weight)));
  try {
    await uploading;
    const steps: Promise<Float32Array>[] = [];
    for (let first = 0; first < rows; first += capacity) {
      const tokenIds = Array.from({ length: Math.min(capacity, rows - first) }, (_, row) => first + row);
      steps.push(program.run({ tokenIds, position: 0 }, tokenIds.length));
    }
    return joined(await Promise.all(steps));
  } finally {
    program.destroy();
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/** The largest normalised mean squared error of a row. Infinite where a result is no number. */
function worstError(got: Float32Array, want: Float32Array): number {
  const width = paddedWidth(ROWS);
  let worst = 0;
  for (let row = 0; row * width < got.length; row++) {
    let error = 0;
    let power = 0;
    for (let column = 0; column < ROWS; column++) {
      const wanted = want[row * ROWS + column]!;
      error += (got[row * width + column]! - wanted) ** 2;
      power += wanted ** 2;
    }
    worst = Math.max(worst, Number.isFinite(error) ? error / power : Infinity);
  }
  return worst;
}

/** Whether the same rows are the same numbers in each result, to the last bit. */
function haveSameBits([first, ...others]: readonly Float32Array[]): boolean {
  const width = paddedWidth(ROWS);
  return others.every((other) => other.every((value, i) => i % width >= ROWS || Object.is(value, first![i])));
}
