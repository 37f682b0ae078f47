import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { mixRows } from './mixRows';
import { mixRowsReference } from './mixRows.reference';

async function check(device: GPUDevice, format: 'f16' | 'f32', rows: number, tableRows: number, columns: number) {
  const random = new Random(rows * columns);
  const packed = randomPackedMatrix(random, format, tableRows, columns);
  const [width, mixWidth] = [paddedWidth(columns), paddedWidth(tableRows)];
  const capacity = rows + 2;
  // Every third weight is zero, as most are in an interpolation.
  const mix = random.rows(capacity, tableRows, mixWidth).map((weight, i) => (i % 3 === 0 ? 0 : weight));
  const got = new Float32Array(capacity * width).fill(777);
  const launch = mixRows({ format, rows: tableRows, columns, mixWidth });
  await runLaunch(device, launch, { rows }, [mix, packed, got]);
  const want = new Float32Array(rows * width);
  const table = unpackMatrix(format, packed, tableRows, columns);
  mixRowsReference(mix, table, want, { rows, tableRows, columns, mixWidth, width });
  expect(nmse(got.subarray(0, rows * width), want)).toBeLessThan(1e-11);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const format of ['f16', 'f32'] as const) {
  for (const [rows, tableRows, columns] of [
    [1, 1, 32],
    [5, 36, 144],
    [7, 64, 100],
  ] as const) {
    gpuTest(`mixRows ${format} [${rows}, ${tableRows}] · [${tableRows}, ${columns}]`, ({ device }) =>
      check(device, format, rows, tableRows, columns),
    );
  }
}

maxGpuTest('mixRows with all that the adapter offers', ({ device }) => check(device, 'f32', 3, 40, 64));
