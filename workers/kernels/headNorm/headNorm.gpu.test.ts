import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { headNorm } from './headNorm';
import { headNormReference } from './headNorm.reference';

async function check(device: GPUDevice, numHeads: number, headDim: number, stride: number, rows: number) {
  const random = new Random(numHeads * headDim + rows);
  const [xWidth, width] = [paddedWidth(numHeads * stride), paddedWidth(numHeads * headDim)];
  const eps = 1e-6;
  const x = random.floats((rows + 1) * xWidth, 3);
  const weight = random.floats(headDim);
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, headNorm({ numHeads, headDim, stride, xWidth, eps }), { rows }, [x, weight, got]);
  const want = new Float32Array(rows * width);
  headNormReference(x, weight, want, { rows, numHeads, headDim, stride, xWidth, width, eps });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(used.filter((_, i) => i % width >= numHeads * headDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [numHeads, headDim, stride, rows] of [
  [1, 8, 8, 1],
  [4, 64, 128, 12],
  [3, 24, 48, 5],
  [16, 128, 128, 2],
  [2, 256, 512, 3],
] as const) {
  gpuTest(`headNorm: ${numHeads} heads of ${headDim}, ${stride} apart, ${rows} rows`, ({ device }) =>
    check(device, numHeads, headDim, stride, rows),
  );
}

maxGpuTest('headNorm with all that the adapter offers', ({ device }) => check(device, 4, 64, 128, 2));
