import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { stackRows } from './stackRows';
import { stackRowsReference } from './stackRows.reference';

async function check(device: GPUDevice, columns: number, rows: number) {
  const count = 4;
  const [xWidth, width] = [paddedWidth(columns), paddedWidth(count * columns)];
  const x = new Random(columns).rows(count * (rows + 1), columns, xWidth);
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, stackRows({ count, columns }), { rows }, [x, got]);
  const want = new Float32Array((rows + 1) * width).fill(777);
  stackRowsReference(x, want, { rows, count, columns, xWidth, width });
  expect(got).toEqual(want);
}

for (const [columns, rows] of [
  [96, 9],
  [36, 3],
  [10, 2],
] as const) {
  gpuTest(`stackRows: four rows of ${columns} columns make one of ${rows}`, ({ device }) =>
    check(device, columns, rows),
  );
}

maxGpuTest('stackRows with all that the adapter offers', ({ device }) => check(device, 40, 2));
