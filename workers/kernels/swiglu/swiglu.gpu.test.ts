import { expect } from 'vitest';
import { nmse, worstMiss } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { swiglu } from './swiglu';
import { swigluReference } from './swiglu.reference';

async function check(device: GPUDevice, rows: number, width: number) {
  const random = new Random(width);
  const capacity = rows + 1;
  const gate = random.floats(capacity * width, 6);
  const up = random.floats(capacity * width);
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, swiglu({ width }), { rows }, [gate, up, got]);
  const count = rows * width;
  const want = new Float32Array(count);
  swigluReference(gate, up, want, { count });
  expect(nmse(got.subarray(0, count), want)).toBeLessThan(1e-12);
  expect(got.subarray(count).every((value) => value === 777)).toBe(true);
}

for (const [rows, width] of [
  [1, 32],
  [5, 288],
  [17, 1056],
] as const) {
  gpuTest(`swiglu [${rows}, ${width}]`, ({ device }) => check(device, rows, width));
}

maxGpuTest('swiglu with all that the adapter offers', ({ device }) => check(device, 2, 64));

gpuTest('gates far from zero stay finite', async ({ device }) => {
  const gate = new Float32Array(32);
  gate.set([-1e30, -500, -90, -81, 0, 90, 500, 1e30]);
  const up = new Float32Array(32).fill(1);
  const got = new Float32Array(32).fill(777);
  await runLaunch(device, swiglu({ width: 32 }), { rows: 1 }, [gate, up, got]);
  // Below −80 the gate is closed: what is left of it is e⁻⁸⁰ of its value, here at most 2e-5 of 1e30.
  expect(
    worstMiss(
      got.subarray(1),
      gate.subarray(1).map((g) => Math.max(g, 0)),
      { atol: 1e-30 },
    ),
  ).toBeNull();
  expect(Math.abs(got[0]! / 1e30)).toBeLessThan(2e-35);
});
