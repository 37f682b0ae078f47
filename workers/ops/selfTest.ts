import type { KernelVariant, ProductClass } from '../protocol/kernels';
import { linearReference } from '../quant/cpuLinear';
import type { MatrixFormat } from '../quant/layout';
import { matrixLayout, paddedWidth } from '../quant/layout';
import { packTile } from '../quant/packTile';
import type { Backend } from './backend';
import { Ops, type Matrix } from './graph';
import { trialMatrix, trialNumbers } from './trialMatrix';

/** No whole number of tiles, two superblocks of which one is cut short. */
const ROWS = 70;
const COLUMNS = 264;
/** A program has room for `capacity` rows and is given `rows`. */
interface Case {
  capacity: number;
  rows: number;
}
/** Single rows, drafts, prompts. */
const CASES: Record<ProductClass, readonly Case[]> = {
  matvec: [
    { capacity: 1, rows: 1 },
    { capacity: 8, rows: 3 },
  ],
  matmul: [{ capacity: 24, rows: 20 }],
};
const MOST_ROWS = 20;
/** What the largest activations of trained models come to. */
const OUTLIER = 1e4;

/** Largest normalised mean squared error of a row of products: far above a variant's rounding, far below a wrong result. */
const LIMITS: Record<KernelVariant, number> = {
  f32: 1e-9,
  subgroups: 1e-9,
  registers: 1e-9,
  f16: 1e-4,
  'subgroup-matrix': 1e-4,
  int8: 1e-3,
};

/**
 * Computes a few small products on a backend and compares them with plain TypeScript. Null where they are as right as
 * `variant` should be, else a sentence that says how wrong they are. `isBrief` leaves out what takes long to compile.
 * Throws what the backend throws.
 */
export async function selfTest(
  backend: Backend,
  products: ProductClass,
  variant: KernelVariant,
  format: MatrixFormat,
  isBrief = false,
): Promise<string | null> {
  const packed = trialMatrix(format, ROWS, COLUMNS);
  const x = activations();
  const want = new Float32Array(MOST_ROWS * ROWS);
  linearReference(format, packed, ROWS, COLUMNS, x, COLUMNS, MOST_ROWS, want, ROWS, 0);
  const weight = uploaded(backend, format, ROWS, packed);
  const table = uploaded(backend, 'f32', MOST_ROWS, packedRows(x));
  try {
    const cases = CASES[products].slice(0, isBrief ? 1 : undefined);
    const errors = cases.map(async (one) => worstError(await run(backend, table, weight, one), want, one.rows));
    // All of them: none is to run on memory that is freed.
    const failure = (await Promise.allSettled(errors)).find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
    const error = Math.max(...(await Promise.all(errors)));
    if (error <= LIMITS[variant]) return null;
    const figures = `squared error ${error.toExponential(1)} of the result's square, ${LIMITS[variant]} allowed`;
    return `computes products with ${format} weights wrong on this device (${figures})`;
  } finally {
    for (const { shards } of [weight, table]) shards[0]!.buffer.destroy();
  }
}

/** Rows of very different magnitudes, inside a row and from row to row, with outliers. [MOST_ROWS, COLUMNS] */
function activations(): Float32Array<ArrayBuffer> {
  const next = trialNumbers(1);
  const x = new Float32Array(MOST_ROWS * COLUMNS);
  for (let row = 0; row < MOST_ROWS; row++) {
    const magnitude = 10 ** ((row % 7) - 4);
    for (let column = 0; column < COLUMNS; column++) {
      x[row * COLUMNS + column] = magnitude * (2 * next() - 1) * (column % 5 === 0 ? 10 : 1);
    }
    if (row % 3 === 0) x[row * COLUMNS + ((row * 37 + 50) % COLUMNS)] = row % 2 === 0 ? OUTLIER : -OUTLIER;
  }
  return x;
}

/** The rows as a table that an embedding looks them up in: f32 weights are packed without loss. */
function packedRows(x: Float32Array): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(matrixLayout('f32', MOST_ROWS, COLUMNS).bytes);
  packTile('f32', x, MOST_ROWS, COLUMNS, packed, 0);
  return packed;
}

function uploaded(backend: Backend, format: MatrixFormat, rows: number, packed: Uint8Array<ArrayBuffer>): Matrix {
  const buffer = backend.createBuffer('self-test', packed.byteLength);
  backend.write(buffer, 0, packed);
  return { format, rows, columns: COLUMNS, shards: [{ rowStart: 0, rows, buffer }] };
}

/** Products of the first rows of the table. [rows, padded ROWS] */
async function run(backend: Backend, table: Matrix, weight: Matrix, { capacity, rows }: Case) {
  const ops = new Ops(capacity);
  const program = await backend.compile(ops.graph(ops.linear(ops.embedding(table, 1), weight)));
  try {
    return await program.run({ tokenIds: Array.from({ length: rows }, (_, row) => row), position: 0 }, rows);
  } finally {
    program.destroy();
  }
}

/** The largest normalised mean squared error of a row. Infinite where a result is no number. */
function worstError(got: Float32Array, want: Float32Array, rows: number): number {
  const width = paddedWidth(ROWS);
  let worst = 0;
  for (let row = 0; row < rows; row++) {
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
