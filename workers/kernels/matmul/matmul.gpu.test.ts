import { expect } from 'vitest';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { onEmulatedMatrixUnit } from '../../testing/emulatedMatrixUnit';
import { gpuTest, maxGpuTest, variantGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import { matmul, matmulVariant, type MatrixUnit } from './matmul';
import { matmulReference } from './matmul.reference';

const FORMATS = Object.keys(WEIGHT_FORMATS) as MatrixFormat[];

/** What a variant's rounding of activations may cause at most. */
const TOLERANCE: Record<KernelVariant, number> = {
  f32: 1e-11,
  subgroups: 1e-11,
  registers: 1e-11,
  f16: 1e-5,
  int8: 1e-8,
  'subgroup-matrix': 1e-5,
};

interface Size {
  xRows: number;
  rows: number;
  columns: number;
  rowStart?: number;
  capacity?: number;
  /** Of the last activation row. */
  magnitude?: number;
}

interface Way {
  variant: KernelVariant;
  matrixUnit?: MatrixUnit;
  tolerance: number;
}

const way = (variant: KernelVariant): Way => ({ variant, tolerance: TOLERANCE[variant] });

async function check(device: GPUDevice, format: MatrixFormat, size: Size, { tolerance, ...options } = way('f32')) {
  const { xRows, rows, columns, rowStart = 0, capacity = xRows, magnitude = 1e-6 } = size;
  const random = new Random(rows * columns + xRows);
  const weights = randomPackedMatrix(random, format, rows, columns);
  const xWidth = paddedWidth(columns);
  const outWidth = rowStart + paddedWidth(rows);
  const x = random.rows(capacity, columns, xWidth);
  // An outlier of the kind that language models have, and a row of next to nothing.
  x[3] = 1e5;
  x.subarray((xRows - 1) * xWidth, xRows * xWidth).forEach((value, i, row) => (row[i] = magnitude * value));
  const got = new Float32Array(capacity * outWidth).fill(777);
  const launch = matmul({ format, rowStart, rows, columns, outWidth, ...options });
  const runnable = options.matrixUnit ? onEmulatedMatrixUnit(launch) : launch;
  await runLaunch(device, runnable, { rows: xRows }, [weights, x, got]);
  const unpacked = unpackMatrix(format, weights, rows, columns);
  const want = matmulReference(unpacked, x, { rows, columns, xRows, xWidth });
  const used = new Float32Array(xRows * rows);
  for (let m = 0; m < xRows; m++) {
    const row = got.subarray(m * outWidth, (m + 1) * outWidth);
    used.set(row.subarray(rowStart, rowStart + rows), m * rows);
    expect(row.subarray(0, rowStart).every((value) => value === 777)).toBe(true);
    expect(row.subarray(rowStart + rows).every((value) => value === 0)).toBe(true);
  }
  // Row by row: the errors of one with an outlier would hide those of the others.
  for (let m = 0; m < xRows; m++) {
    const row = (values: ArrayLike<number>) => Array.from(values).slice(m * rows, (m + 1) * rows);
    expect(nmse(row(used), row(want)), `row ${m}`).toBeLessThan(tolerance);
  }
  expect(got.subarray(xRows * outWidth).every((value) => value === 777)).toBe(true);
}

for (const format of FORMATS) {
  // Formats differ in how a word of weights is read: at the end of a row, and across groups.
  for (const [xRows, rows, columns] of [
    [5, 31, 40],
    [64, 70, 288],
    ...(format === 'int4'
      ? ([
          [2, 1, 32],
          [17, 33, 96],
        ] as const)
      : []),
  ] as const) {
    const name = `matmul ${format} [${xRows}, ${columns}] · [${rows}, ${columns}]ᵀ`;
    gpuTest(name, ({ device }) => check(device, format, { xRows, rows, columns }));
  }
  gpuTest(`matmul ${format}: a shard writes at its columns only`, ({ device }) =>
    check(device, format, { xRows: 3, rows: 40, columns: 64, rowStart: 96 }),
  );
}

maxGpuTest('matmul with all that the adapter offers', ({ device }) =>
  check(device, 'int4', { xRows: 33, rows: 33, columns: 64 }),
);

for (const variant of ['f16', 'int8', 'subgroups', 'registers'] as const) {
  for (const format of FORMATS.filter((each) => matmulVariant(each, variant) === variant)) {
    for (const [xRows, rows, columns, rowStart] of [
      [5, 31, 40, 0],
      [65, 70, 288, 32],
    ] as const) {
      const name = `matmul ${format}, variant ${variant} [${xRows}, ${columns}] · [${rows}, ${columns}]ᵀ`;
      variantGpuTest(name, variant, (device) =>
        check(device, format, { xRows, rows, columns, rowStart }, way(variant)),
      );
    }
  }
  variantGpuTest(`matmul, variant ${variant}: 33 of 70 rows in use`, variant, (device) =>
    check(device, 'int4', { xRows: 33, rows: 96, columns: 64, capacity: 70 }, way(variant)),
  );
}

variantGpuTest('matmul, variant registers: more tiles than a workgroup takes', 'registers', (device) =>
  check(device, 'int4', { xRows: 17, rows: 290, columns: 64, rowStart: 32 }, way('registers')),
);

gpuTest('matmul, variant subgroup-matrix, emulated: floats in 8 × 8 × 8', ({ device }) => {
  const matrixUnit: MatrixUnit = { m: 8, n: 8, k: 8, element: 'f32' };
  const plain: Way = { variant: 'subgroup-matrix', matrixUnit, tolerance: TOLERANCE.f32 };
  return check(device, 'int4', { xRows: 17, rows: 33, columns: 72, rowStart: 32, capacity: 20 }, plain);
});

for (const [m, n, k] of [
  [16, 16, 16],
  [8, 16, 16],
] as const) {
  variantGpuTest(`matmul, variant subgroup-matrix, emulated: f16 in ${m} × ${n} × ${k}`, 'f16', (device) => {
    const halves: Way = { ...way('subgroup-matrix'), matrixUnit: { m, n, k, element: 'f16' } };
    return check(device, 'int8', { xRows: 66, rows: 90, columns: 72, rowStart: 32, magnitude: 1e-3 }, halves);
  });
}

variantGpuTest('matmul, variant f16: the largest halves as weights', 'f16', async (device) => {
  const weights = new Uint8Array(new Uint16Array(32 * 32).fill(0x7bff).buffer);
  const [x, out] = [new Float32Array(32).fill(3), new Float32Array(32)];
  const shape = { format: 'f16', variant: 'f16', rowStart: 0, rows: 32, columns: 32, outWidth: 32 } as const;
  await runLaunch(device, matmul(shape), { rows: 1 }, [weights, x, out]);
  expect(nmse(out, new Float64Array(32).fill(32 * 3 * 65504))).toBeLessThan(1e-6);
});

for (const xRows of [1, 31, 33, 70]) {
  gpuTest(`matmul: ${xRows} of 70 rows in use, the rest is left alone`, ({ device }) =>
    check(device, 'int4', { xRows, rows: 32, columns: 64, capacity: 70 }),
  );
}
