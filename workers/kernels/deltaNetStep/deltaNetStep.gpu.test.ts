import { expect } from 'vitest';
import {
  convolutionStateFloats,
  deltaChannels,
  type DeltaHeads,
  deltaStateFloats,
} from '../../memory/recurrentStateBytes';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { deltaNetStep } from './deltaNetStep';
import { deltaNetStepReference } from './deltaNetStep.reference';

type Sizes = DeltaHeads & { taps: number };

/** Random weights, and the input of a token behind others. */
function inputs(sizes: Sizes) {
  const { numValueHeads, keyHeadDim, valueHeadDim, taps } = sizes;
  const random = new Random(numValueHeads * keyHeadDim + taps);
  const channels = deltaChannels(sizes);
  const decayStart = paddedWidth(channels);
  const betaStart = decayStart + paddedWidth(numValueHeads);
  const gateStart = betaStart + paddedWidth(numValueHeads);
  const width = paddedWidth(numValueHeads * valueHeadDim);
  return {
    shape: { ...sizes, decayStart, betaStart, gateStart, eps: 1e-6 },
    x: random.floats(gateStart + width).map((value) => 3 * value),
    vectors: {
      convolution: random.floats(channels * taps),
      decayRate: random.floats(numValueHeads).map((value) => -Math.exp(value)),
      decayBias: random.floats(numValueHeads),
      norm: random.floats(paddedWidth(valueHeadDim)),
    },
    recent: random.floats(convolutionStateFloats({ channels, taps })),
    memory: random.floats(deltaStateFloats(sizes)),
    out: new Float32Array(width).fill(777),
  };
}

type Inputs = ReturnType<typeof inputs>;

/** The states are updated in place. */
async function run(device: GPUDevice, { shape, x, vectors, recent, memory, out }: Inputs, rows: number, at: number) {
  const { convolution, decayRate, decayBias, norm } = vectors;
  const operands = [x, convolution, recent, decayRate, decayBias, norm, memory, out];
  await runLaunch(device, deltaNetStep(shape), { rows, position: at }, operands);
}

/** `prepare` may change the input. */
async function check(device: GPUDevice, sizes: Sizes, position: number, prepare: (given: Inputs) => void = () => {}) {
  const given = inputs(sizes);
  prepare(given);
  const { shape, x, vectors, out } = given;
  const states = { recent: given.recent.slice(), memory: given.memory.slice() };
  await run(device, given, 1, position);
  const want = deltaNetStepReference(x, vectors, states, shape, position);
  expect(nmse(out, want)).toBeLessThan(1e-11);
  expect(nmse(given.memory, states.memory)).toBeLessThan(1e-11);
  expect(given.recent).toEqual(states.recent);
  expect(out.subarray(sizes.numValueHeads * sizes.valueHeadDim).every((value) => value === 0)).toBe(true);
}

const sizes = (
  numKeyHeads: number,
  numValueHeads: number,
  keyHeadDim: number,
  valueHeadDim: number,
  taps: number,
): Sizes => ({ numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim, taps });

// The oracle's heads, the published ones, several value heads to a key head, keys that come apart badly, the widest.
for (const [shape, position] of [
  [sizes(4, 4, 32, 32, 4), 0],
  [sizes(4, 4, 32, 32, 4), 5],
  [sizes(3, 3, 128, 128, 4), 9],
  [sizes(2, 6, 20, 24, 3), 1],
  [sizes(1, 3, 37, 40, 4), 8],
  [sizes(2, 2, 12, 4, 1), 3],
  [sizes(1, 1, 256, 4, 2), 3],
  [sizes(1, 2, 256, 256, 4), 7],
] as const) {
  const { numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim, taps } = shape;
  const heads = `${numKeyHeads} key and ${numValueHeads} value heads of ${keyHeadDim} and ${valueHeadDim}`;
  gpuTest(`deltaNetStep: ${heads}, ${taps} taps, at ${position}`, ({ device }) => check(device, shape, position));
}

maxGpuTest('deltaNetStep with all that the adapter offers', ({ device }) => check(device, sizes(2, 4, 64, 64, 4), 1));

gpuTest('nothing forgotten, everything forgotten, gates far out', ({ device }) =>
  check(device, sizes(2, 2, 16, 32, 4), 4, ({ shape, x }) => {
    x.set([-200, 200], shape.decayStart);
    x.set([-200, 200], shape.betaStart);
    x.set([-200, 200], shape.gateStart);
    x.fill(-200, 0, 8);
  }),
);

gpuTest('what a state holds does not matter at position 0, not even NaN', ({ device }) =>
  check(device, sizes(2, 4, 16, 32, 4), 0, ({ recent, memory }) => {
    recent.fill(NaN);
    memory.fill(NaN);
  }),
);

gpuTest('a step of no rows leaves everything as it is', async ({ device }) => {
  const given = inputs(sizes(2, 2, 16, 32, 4));
  const before = { recent: given.recent.slice(), memory: given.memory.slice() };
  await run(device, given, 0, 4);
  expect(given).toMatchObject(before);
  expect(given.out.every((value) => value === 777)).toBe(true);
});
