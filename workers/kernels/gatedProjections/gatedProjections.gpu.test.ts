import { expect } from 'vitest';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest, variantGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { TILE_VARIANTS, tileTolerance } from '../../testing/variants';
import { projectionsReference } from '../projections/projections.reference';
import { gatedProjections } from './gatedProjections';
import { gatedProjectionsReference } from './gatedProjections.reference';

interface Case {
  gate: MatrixFormat;
  up: MatrixFormat;
  rows: number;
  columns: number;
  /** Activation rows of the step, and of the program. */
  used: number;
  batch: number;
  /** Of the activations. */
  magnitude?: number;
}

async function check(device: GPUDevice, variant: KernelVariant, { used, batch, magnitude = 1, ...shape }: Case) {
  const { gate, up, rows, columns } = shape;
  const random = new Random(rows + columns);
  const [width, outWidth] = [paddedWidth(columns), paddedWidth(rows)];
  const squaresWidth = paddedWidth(width / 8);
  const x = random.rows(batch, columns, width, magnitude);
  const squares = random.floats(batch * squaresWidth).map((value) => value * value);
  const [gatePacked, upPacked] = [gate, up].map((format) => randomPackedMatrix(random, format, rows, columns));
  /** Rows first to first + count − 1, by a kernel for `most`. */
  const run = async (first: number, count: number, most: number) => {
    const out = new Float32Array(most * outWidth).fill(777);
    const operands = [x.subarray(first * width), squares.subarray(first * squaresWidth), out, gatePacked!, upPacked!];
    const launch = gatedProjections({ ...shape, eps: 1e-5, batch: most, variant });
    await runLaunch(device, launch, { rows: count }, operands);
    return out;
  };
  const got = await run(0, used, batch);
  expect(got.subarray(used * outWidth).every((value) => value === 777)).toBe(true);
  for (let m = 0; m < used; m++) {
    const rowSquares = squares.subarray(m * squaresWidth, m * squaresWidth + width / 8);
    const norm = { columns, eps: 1e-5, gain: 1 };
    const project = (format: MatrixFormat, packed: Uint8Array) => {
      const weights = unpackMatrix(format, packed, rows, columns);
      return projectionsReference(weights, x.subarray(m * width), rowSquares, rows, norm);
    };
    const want = gatedProjectionsReference(project(gate, gatePacked!), project(up, upPacked!));
    const out = got.subarray(m * outWidth, (m + 1) * outWidth);
    const tolerance = tileTolerance(gate, variant) + tileTolerance(up, variant);
    expect(nmse(out.subarray(0, rows), want)).toBeLessThan(tolerance);
    expect(out.subarray(rows).every((value) => value === 0)).toBe(true);
    if (batch > 1) expect(await run(m, 1, 1)).toEqual(out);
  }
}

const MIXED: Case = { gate: 'int4', up: 'int8', rows: 33, columns: 40, used: 1, batch: 2 };
const FLOAT: Case = { gate: 'f16', up: 'int4-affine', rows: 33, columns: 1056, used: 1, batch: 1 };
const BESIDE_FLOAT: Case = { gate: 'f32', up: 'int4', rows: 33, columns: 288, used: 2, batch: 2 };
const INT4: Case = { gate: 'int4', up: 'int4', rows: 70, columns: 288, used: 2, batch: 2 };
const WIDE: Case = { ...INT4, used: 7, batch: 8 };

for (const [variant, shape] of [
  ['f32', MIXED],
  ['f32', FLOAT],
  ['f32', WIDE],
  ['f16', BESIDE_FLOAT],
  ...TILE_VARIANTS.map((name) => [name, INT4] as const),
] as const) {
  const { gate, up, rows, columns, used, batch } = shape;
  variantGpuTest(
    `gatedProjections ${gate} ${up} ${variant} [${rows}, ${columns}], ${used} of ${batch} rows`,
    variant,
    (device) => check(device, variant, shape),
  );
}

gpuTest('gatedProjections: a gate far below zero is finite', ({ device }) =>
  check(device, 'f32', { gate: 'f32', up: 'f32', rows: 32, columns: 64, used: 1, batch: 1, magnitude: 1e3 }),
);
