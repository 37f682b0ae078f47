import { expect } from 'vitest';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { matvecReference } from '../matvec/matvec.reference';
import { residualProjection } from './residualProjection';
import { residualProjectionReference } from './residualProjection.reference';

async function check(device: GPUDevice, format: MatrixFormat, rows: number, columns: number) {
  const random = new Random(rows * columns);
  const width = paddedWidth(rows);
  const packed = randomPackedMatrix(random, format, rows, columns);
  const x = random.rows(1, columns, paddedWidth(columns));
  const [residual, normWeight] = [random.rows(1, rows, width), random.rows(1, rows, width)];
  const padding = (values: Float32Array) => values.fill(0, rows);
  const got = { out: new Float32Array(width).fill(7), weighted: new Float32Array(width).fill(7) };
  const squares = new Float32Array(width / 32).fill(7);
  const operands = [x, padding(residual), padding(normWeight), got.out, got.weighted, squares, packed];
  await runLaunch(
    device,
    residualProjection({ format, rows, columns, scale: 0.3 }),
    { rows: 1 },
    operands as Float32Array<ArrayBuffer>[],
  );
  const projection = matvecReference(unpackMatrix(format, packed, rows, columns), x, rows, columns);
  const want = residualProjectionReference(projection, residual, normWeight, 0.3);
  expect(nmse(squares, want.squares)).toBeLessThan(1e-11);
  for (const name of ['out', 'weighted'] as const) {
    expect(nmse(got[name].subarray(0, rows), want[name])).toBeLessThan(1e-11);
    expect(got[name].subarray(rows).every((value) => value === 0)).toBe(true);
  }
}

for (const [format, rows, columns] of [
  ['int4', 70, 288],
  ['int4-affine', 31, 40],
  ['int8', 33, 1056],
  ['f16', 1, 32],
  ['f32', 64, 96],
] as const) {
  gpuTest(`residualProjection ${format} [${rows}, ${columns}]`, ({ device }) => check(device, format, rows, columns));
}
