import { expect } from 'vitest';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { averageRows } from './averageRows';
import { averageRowsReference } from './averageRows.reference';

async function check(device: GPUDevice, width: number, rows: number) {
  const count = 4;
  const x = new Random(width).floats(count * (rows + 1) * width);
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, averageRows({ count, width }), { rows }, [x, got]);
  const want = new Float32Array(rows * width);
  averageRowsReference(x, want, { rows, count, width });
  expect(nmse(got.subarray(0, rows * width), want)).toBeLessThan(1e-13);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [width, rows] of [
  [96, 9],
  [1152, 3],
] as const) {
  gpuTest(`averageRows [${rows}, ${width}]`, ({ device }) => check(device, width, rows));
}

maxGpuTest('averageRows with all that the adapter offers', ({ device }) => check(device, 64, 2));
