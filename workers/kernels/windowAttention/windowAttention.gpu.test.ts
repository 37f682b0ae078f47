import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { windowAttention } from './windowAttention';
import { windowAttentionReference } from './windowAttention.reference';

async function check(device: GPUDevice, numHeads: number, headDim: number, rows: number) {
  const random = new Random(numHeads * headDim);
  const width = paddedWidth(numHeads * headDim);
  const scale = 1 / Math.sqrt(headDim);
  // One window more than the step has.
  const [q, k, v] = [1, 2, 3].map(() => random.rows(rows + 4, numHeads * headDim, width, 2)) as [
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
  ];
  const got = new Float32Array((rows + 4) * width).fill(777);
  await runLaunch(device, windowAttention({ numHeads, headDim, scale }), { rows }, [q, k, v, got]);
  const want = new Float32Array(rows * width);
  windowAttentionReference(q, k, v, want, { rows, width, numHeads, headDim, scale });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(used.filter((_, i) => i % width >= numHeads * headDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [numHeads, headDim, rows] of [
  [2, 48, 144],
  [16, 72, 8],
  [3, 20, 4],
] as const) {
  gpuTest(`windowAttention: ${numHeads} heads of ${headDim}, ${rows} rows`, ({ device }) =>
    check(device, numHeads, headDim, rows),
  );
}

maxGpuTest('windowAttention with all that the adapter offers', ({ device }) => check(device, 2, 48, 8));
