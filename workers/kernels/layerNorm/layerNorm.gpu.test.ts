import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { layerNorm } from './layerNorm';
import { layerNormReference } from './layerNorm.reference';

async function check(device: GPUDevice, rows: number, columns: number, { capacity = rows, mean = 0 } = {}) {
  const random = new Random(columns + rows);
  const width = paddedWidth(columns);
  const eps = 1e-6;
  const x = random.rows(capacity, columns, width, 3).map((value, i) => (i % width < columns ? value + mean : 0));
  const [weight, bias] = [random.rows(1, columns, width), random.rows(1, columns, width)];
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, layerNorm({ columns, eps }), { rows }, [x, weight, bias, got]);
  const want = new Float32Array(rows * width);
  layerNormReference(x, weight, bias, want, { rows, columns, width, eps });
  expect(nmse(got.subarray(0, rows * width), want)).toBeLessThan(1e-11);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
  for (let m = 0; m < rows; m++) {
    expect(got.subarray(m * width + columns, (m + 1) * width).every((value) => value === 0)).toBe(true);
  }
}

// Columns below, at and above the workgroup's reach, and not a multiple of a block.
for (const [rows, columns] of [
  [1, 32],
  [2, 40],
  [3, 144],
  [1, 1056],
  [5, 1152],
  [2, 2304],
] as const) {
  gpuTest(`layerNorm [${rows}, ${columns}]`, ({ device }) => check(device, rows, columns));
}

maxGpuTest('layerNorm with all that the adapter offers', ({ device }) => check(device, 2, 96));

gpuTest('rows beyond the step are left alone', ({ device }) => check(device, 2, 64, { capacity: 5 }));

gpuTest('a mean far above the deviation does not drown it', ({ device }) => check(device, 2, 72, { mean: 64 }));
