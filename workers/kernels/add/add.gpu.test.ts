import { expect } from 'vitest';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { add } from './add';
import { addReference } from './add.reference';

async function check(device: GPUDevice, rows: number, width: number, scale: number) {
  const random = new Random(width);
  const capacity = rows + 1;
  const residual = random.floats(capacity * width);
  const branch = random.floats(capacity * width, 2);
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, add({ width, scale }), { rows }, [residual, branch, got]);
  const count = rows * width;
  const want = new Float32Array(count);
  addReference(residual, branch, want, { count, scale });
  expect(nmse(got.subarray(0, count), want)).toBeLessThan(1e-13);
  expect(got.subarray(count).every((value) => value === 777)).toBe(true);
}

for (const [rows, width] of [
  [1, 32],
  [5, 288],
  [17, 1056],
] as const) {
  gpuTest(`add [${rows}, ${width}]`, ({ device }) => check(device, rows, width, 0.22136));
}

maxGpuTest('add with all that the adapter offers', ({ device }) => check(device, 2, 64, 1));
