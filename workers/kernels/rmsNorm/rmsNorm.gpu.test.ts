import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { rmsNorm } from './rmsNorm';
import { rmsNormReference } from './rmsNorm.reference';

async function check(device: GPUDevice, rows: number, columns: number, capacity = rows) {
  const random = new Random(columns + rows);
  const width = paddedWidth(columns);
  const eps = 1e-5;
  const x = random.rows(capacity, columns, width, 3);
  const weight = random.rows(1, columns, width);
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, rmsNorm({ columns, eps }), { rows }, [x, weight, got]);
  const want = new Float32Array(rows * width);
  rmsNormReference(x, weight, want, { rows, columns, width, eps });
  expect(nmse(got.subarray(0, rows * width), want)).toBeLessThan(1e-12);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
  for (let m = 0; m < rows; m++) {
    expect(got.subarray(m * width + columns, (m + 1) * width).every((value) => value === 0)).toBe(true);
  }
}

// Columns below, at and above the workgroup's reach, and not a multiple of a block.
for (const [rows, columns] of [
  [1, 32],
  [2, 40],
  [3, 288],
  [1, 1056],
  [2, 2304],
] as const) {
  gpuTest(`rmsNorm [${rows}, ${columns}]`, ({ device }) => check(device, rows, columns));
}

maxGpuTest('rmsNorm with all that the adapter offers', ({ device }) => check(device, 2, 96));

gpuTest('rows beyond the step are left alone', ({ device }) => check(device, 2, 64, 5));

gpuTest('eps keeps an all-zero row finite', async ({ device }) => {
  const got = new Float32Array(32).fill(777);
  const weight = new Float32Array(32).fill(1);
  await runLaunch(device, rmsNorm({ columns: 32, eps: 1e-6 }), { rows: 1 }, [new Float32Array(32), weight, got]);
  expect([...got]).toEqual(Array<number>(32).fill(0));
});
