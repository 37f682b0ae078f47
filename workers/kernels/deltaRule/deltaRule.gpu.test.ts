import { expect } from 'vitest';
import { deltaChannels, type DeltaHeads, deltaStateFloats } from '../../memory/recurrentStateBytes';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { deltaRule } from './deltaRule';
import { deltaRuleReference } from './deltaRule.reference';

async function check(device: GPUDevice, shape: DeltaHeads, rows: number, position: number) {
  const { numValueHeads, keyHeadDim, valueHeadDim } = shape;
  const random = new Random(numValueHeads * keyHeadDim + rows);
  const channels = deltaChannels(shape);
  const qkvWidth = paddedWidth(channels);
  const gateWidth = paddedWidth(numValueHeads);
  const width = paddedWidth(numValueHeads * valueHeadDim);
  const qkv = random.rows(rows + 1, channels, qkvWidth);
  const gates = {
    decay: random.rows(rows + 1, numValueHeads, gateWidth, 3),
    beta: random.rows(rows + 1, numValueHeads, gateWidth, 3),
    decayRate: random.floats(numValueHeads).map((value) => -Math.exp(value)),
    decayBias: random.floats(numValueHeads),
  };
  // Gates as far out as they come: nothing forgotten, everything forgotten.
  gates.decay.set([-200, 200]);
  const state = random.floats(deltaStateFloats(shape));
  const wantState = state.slice();
  const got = new Float32Array((rows + 1) * width).fill(777);
  const { decay, beta, decayRate, decayBias } = gates;
  const operands = [qkv, decay, beta, decayRate, decayBias, state, got];
  await runLaunch(device, deltaRule(shape), { rows, position }, operands);
  const want = new Float32Array(rows * width);
  deltaRuleReference(qkv, gates, wantState, want, { ...shape, rows, qkvWidth, gateWidth, width, position });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-11);
  expect(nmse(state, wantState)).toBeLessThan(1e-11);
  expect(used.filter((_, i) => i % width >= numValueHeads * valueHeadDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

const shapeOf = (numKeyHeads: number, numValueHeads: number, keyHeadDim: number, valueHeadDim: number) => ({
  numKeyHeads,
  numValueHeads,
  keyHeadDim,
  valueHeadDim,
});

// The oracle's heads, the published ones, several value heads to a key head, widths that fill no workgroup, the widest.
for (const [shape, rows, position] of [
  [shapeOf(4, 4, 32, 32), 12, 0],
  [shapeOf(4, 4, 32, 32), 1, 5],
  [shapeOf(2, 2, 128, 128), 3, 9],
  [shapeOf(2, 6, 20, 24), 7, 1],
  [shapeOf(1, 3, 12, 40), 40, 0],
  [shapeOf(1, 1, 256, 256), 2, 3],
] as const) {
  const { numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim } = shape;
  const name = `${numKeyHeads} key and ${numValueHeads} value heads of ${keyHeadDim} and ${valueHeadDim}`;
  gpuTest(`deltaRule: ${name}, ${rows} rows from ${position}`, ({ device }) => check(device, shape, rows, position));
}

maxGpuTest('deltaRule with all that the adapter offers', ({ device }) => check(device, shapeOf(2, 2, 64, 64), 4, 1));
