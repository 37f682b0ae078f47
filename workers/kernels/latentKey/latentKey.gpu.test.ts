import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { latentKey } from './latentKey';
import { latentKeyReference } from './latentKey.reference';

async function check(device: GPUDevice, rank: number, ropeDim: number, rows: number) {
  const random = new Random(rank + rows);
  const width = paddedWidth(rank + ropeDim);
  const eps = 1e-6;
  const x = random.rows(rows + 1, rank + ropeDim, width, 3);
  const weight = random.floats(paddedWidth(rank));
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, latentKey({ rank, ropeDim, eps }), { rows }, [x, weight, got]);
  const want = new Float32Array(rows * width);
  latentKeyReference(x, weight, want, { rows, rank, ropeDim, width, eps });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(used.filter((_, i) => i % width >= rank + ropeDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [rank, ropeDim, rows] of [
  [64, 32, 3],
  [256, 32, 9],
  [36, 12, 1],
  [4, 4, 5],
  [448, 64, 2],
] as const) {
  gpuTest(`latentKey: ${rank} and ${ropeDim} channels, ${rows} rows`, ({ device }) =>
    check(device, rank, ropeDim, rows),
  );
}

maxGpuTest('latentKey with all that the adapter offers', ({ device }) => check(device, 256, 32, 2));
