import { expect } from 'vitest';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { variantGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { TILE_VARIANTS, tileTolerance } from '../../testing/variants';
import { matvecReference } from '../matvec/matvec.reference';
import { residualProjection } from './residualProjection';
import { residualProjectionReference } from './residualProjection.reference';

interface Case {
  format: MatrixFormat;
  rows: number;
  columns: number;
  /** Activation rows of the step, and of the program. */
  used: number;
  batch: number;
}

async function check(device: GPUDevice, variant: KernelVariant, { format, rows, columns, used, batch }: Case) {
  const random = new Random(rows * columns);
  const [xWidth, width, squaresWidth] = [
    paddedWidth(columns),
    paddedWidth(rows),
    paddedWidth(4 * Math.ceil(rows / 32)),
  ];
  const packed = randomPackedMatrix(random, format, rows, columns);
  const x = random.rows(batch, columns, xWidth);
  const [residual, normWeight] = [random.rows(batch, rows, width), random.rows(1, rows, width)];
  /** Rows first to first + count − 1, by a kernel for `most`. */
  const run = async (first: number, count: number, most: number) => {
    const [out, weighted] = [new Float32Array(most * width).fill(7), new Float32Array(most * width).fill(7)];
    const squares = new Float32Array(most * squaresWidth).fill(7);
    const inputs = [x.subarray(first * xWidth), residual.subarray(first * width), normWeight];
    const launch = residualProjection({ format, rows, columns, scale: 0.3, batch: most, variant });
    await runLaunch(device, launch, { rows: count }, [...inputs, out, weighted, squares, packed]);
    return { out, weighted, squares };
  };
  const got = await run(0, used, batch);
  const eights = 4 * Math.ceil(rows / 32);
  for (let m = 0; m < batch; m++) {
    const row = {
      out: got.out.subarray(m * width, (m + 1) * width),
      weighted: got.weighted.subarray(m * width, (m + 1) * width),
      squares: got.squares.subarray(m * squaresWidth, (m + 1) * squaresWidth),
    };
    if (m >= used) {
      for (const values of Object.values(row)) expect(values.every((value) => value === 7)).toBe(true);
      continue;
    }
    const weights = unpackMatrix(format, packed, rows, columns);
    const projection = matvecReference(weights, x.subarray(m * xWidth), rows, columns);
    const want = residualProjectionReference(projection, residual.subarray(m * width), normWeight, 0.3);
    const tolerance = tileTolerance(format, variant);
    expect(nmse(row.squares.subarray(0, Math.ceil(rows / 8)), want.squares)).toBeLessThan(tolerance);
    expect(row.squares.subarray(Math.ceil(rows / 8), eights).every((value) => value === 0)).toBe(true);
    expect(row.squares.subarray(eights).every((value) => value === 7)).toBe(true);
    for (const name of ['out', 'weighted'] as const) {
      expect(nmse(row[name].subarray(0, rows), want[name])).toBeLessThan(tolerance);
      expect(row[name].subarray(rows).every((value) => value === 0)).toBe(true);
    }
    if (batch > 1) expect(await run(m, 1, 1)).toEqual(row);
  }
}

const WIDE: Case = { format: 'int4', rows: 1061, columns: 288, used: 7, batch: 8 };

for (const [variant, shape] of [
  ['f32', { format: 'int4-affine', rows: 31, columns: 40, used: 1, batch: 2 }],
  ['f32', { format: 'int8', rows: 33, columns: 1056, used: 1, batch: 1 }],
  ['f32', { format: 'f16', rows: 1, columns: 32, used: 1, batch: 1 }],
  ['f32', WIDE],
  ...TILE_VARIANTS.map((name) => [name, { format: 'int4', rows: 70, columns: 288, used: 2, batch: 2 }] as const),
] as const) {
  const { format, rows, columns, used, batch } = shape;
  variantGpuTest(
    `residualProjection ${format} ${variant} [${rows}, ${columns}], ${used} of ${batch} rows`,
    variant,
    (device) => check(device, variant, shape),
  );
}
