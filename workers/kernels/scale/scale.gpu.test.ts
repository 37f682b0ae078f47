import { expect } from 'vitest';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { scale } from './scale';
import { scaleReference } from './scale.reference';

async function check(device: GPUDevice, rows: number, width: number) {
  const capacity = rows + 1;
  const x = new Random(width).floats(capacity * width);
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, scale({ width, factor: 1 / 9 }), { rows }, [x, got]);
  const count = rows * width;
  const want = new Float32Array(count);
  scaleReference(x, want, { count, factor: 1 / 9 });
  expect(nmse(got.subarray(0, count), want)).toBeLessThan(1e-13);
  expect(got.subarray(count).every((value) => value === 777)).toBe(true);
}

for (const [rows, width] of [
  [1, 32],
  [5, 288],
] as const) {
  gpuTest(`scale [${rows}, ${width}]`, ({ device }) => check(device, rows, width));
}

maxGpuTest('scale with all that the adapter offers', ({ device }) => check(device, 2, 64));
