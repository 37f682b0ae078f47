import { expect } from 'vitest';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import { matvec } from './matvec';
import { matvecReference } from './matvec.reference';

const FORMATS = Object.keys(WEIGHT_FORMATS) as MatrixFormat[];

/** One shard that starts at `rowStart` of an output filled with a sentinel. */
async function check(device: GPUDevice, format: MatrixFormat, rows: number, columns: number, rowStart = 0) {
  const random = new Random(rows * columns);
  const weights = randomPackedMatrix(random, format, rows, columns);
  const x = random.rows(1, columns, paddedWidth(columns));
  const got = new Float32Array(rowStart + paddedWidth(rows)).fill(777);
  await runLaunch(device, matvec({ format, rowStart, rows, columns }), { rows: 1 }, [weights, x, got]);
  const want = matvecReference(unpackMatrix(format, weights, rows, columns), x, rows, columns);
  expect(nmse(got.subarray(rowStart, rowStart + rows), want)).toBeLessThan(1e-11);
  expect(got.subarray(0, rowStart).every((value) => value === 777)).toBe(true);
  expect(got.subarray(rowStart + rows).every((value) => value === 0)).toBe(true);
}

// One slice, two (288 columns) and as many as there are (1056).
for (const format of FORMATS) {
  for (const [rows, columns] of [
    [1, 32],
    [31, 40],
    [33, 96],
    [70, 288],
    [64, 33],
    [33, 1056],
  ] as const) {
    gpuTest(`matvec ${format} [${rows}, ${columns}]`, ({ device }) => check(device, format, rows, columns));
  }
  gpuTest(`matvec ${format}: a shard writes at its rows only`, ({ device }) => check(device, format, 40, 64, 96));
  maxGpuTest(`matvec ${format} with all that the adapter offers`, ({ device }) => check(device, format, 33, 64));
}

gpuTest('tiles may be spread over two grid dimensions, with workgroups to spare', async ({ device }) => {
  const random = new Random(3);
  const [format, rows, columns] = ['f32', 96, 32] as const;
  const weights = randomPackedMatrix(random, format, rows, columns);
  const x = random.floats(columns);
  const got = new Float32Array(rows);
  // Three tiles on four workgroups; what the fourth would write falls on the guard behind the output.
  const launch = { ...matvec({ format, rowStart: 0, rows, columns }), grid: () => [2, 2, 1] as const };
  await runLaunch(device, launch, { rows: 1 }, [weights, x, got]);
  expect(nmse(got, matvecReference(unpackMatrix(format, weights, rows, columns), x, rows, columns))).toBeLessThan(
    1e-11,
  );
});
