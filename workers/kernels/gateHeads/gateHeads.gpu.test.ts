import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import type { Gating } from './gateHeads';
import { gateHeads } from './gateHeads';
import { gateHeadsReference } from './gateHeads.reference';

async function check(device: GPUDevice, gating: Gating, numHeads: number, headDim: number, start: number) {
  const rows = 3;
  const random = new Random(numHeads * headDim);
  const stride = start + headDim;
  const [gateWidth, width] = [paddedWidth(numHeads * stride), paddedWidth(numHeads * headDim)];
  const x = random.rows(rows + 1, numHeads * headDim, width);
  const gate = random.floats((rows + 1) * gateWidth, 6);
  // Gates far from zero: shut, and open.
  gate.set([-1e30, -500, 500], start);
  const got = new Float32Array((rows + 1) * width).fill(777);
  const shape = { numHeads, headDim, start, stride, gateWidth, gating };
  await runLaunch(device, gateHeads(shape), { rows }, [x, gate, got]);
  const want = new Float32Array(rows * width);
  gateHeadsReference(x, gate, want, { ...shape, rows, width });
  const used = got.subarray(0, rows * width);
  // Below −80 a gate is shut: what is left of it is e⁻⁸⁰ of its value.
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(used.filter((_, i) => i % width >= numHeads * headDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [gating, numHeads, headDim, start] of [
  ['sigmoid', 4, 64, 64],
  ['sigmoid', 3, 24, 24],
  ['silu', 4, 32, 0],
  ['silu', 5, 40, 0],
] as const) {
  gpuTest(`gateHeads by ${gating}: ${numHeads} heads of ${headDim}`, ({ device }) =>
    check(device, gating, numHeads, headDim, start),
  );
}

maxGpuTest('gateHeads with all that the adapter offers', ({ device }) => check(device, 'sigmoid', 2, 64, 64));
