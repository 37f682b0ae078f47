import { expect } from 'vitest';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { bias, type Activation } from './bias';
import { biasReference } from './bias.reference';

async function check(device: GPUDevice, rows: number, width: number, activation: Activation, magnitude = 4) {
  const random = new Random(width);
  const capacity = rows + 1;
  const x = random.floats(capacity * width, magnitude);
  const added = random.floats(width);
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, bias({ width, activation }), { rows }, [x, added, got]);
  const want = new Float32Array(rows * width);
  biasReference(x, added, want, { rows, width, activation });
  expect(nmse(got.subarray(0, rows * width), want)).toBeLessThan(1e-12);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const activation of ['none', 'gelu', 'gelu-tanh'] as const) {
  for (const [rows, width] of [
    [1, 32],
    [17, 4320],
  ] as const) {
    gpuTest(`bias, ${activation} [${rows}, ${width}]`, ({ device }) => check(device, rows, width, activation));
  }
  gpuTest(`bias, ${activation}: small and very large values`, async ({ device }) => {
    await check(device, 2, 64, activation, 1e-3);
    await check(device, 2, 64, activation, 1e4);
  });
  maxGpuTest(`bias, ${activation} with all that the adapter offers`, ({ device }) => check(device, 2, 64, activation));
}
