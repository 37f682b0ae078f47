import { expect } from 'vitest';
import { convolutionStateFloats } from '../../memory/recurrentStateBytes';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { shortConvolution } from './shortConvolution';
import { shortConvolutionReference } from './shortConvolution.reference';

async function check(device: GPUDevice, channels: number, taps: number, rows: number, position: number) {
  const random = new Random(channels + rows);
  const width = paddedWidth(channels);
  const x = random.rows(rows + 1, channels, width, 2);
  const weight = random.floats(channels * taps);
  const state = random.floats(convolutionStateFloats({ channels, taps }));
  const wantState = state.slice();
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, shortConvolution({ channels, taps }), { rows, position }, [x, weight, state, got]);
  const want = new Float32Array(rows * width);
  shortConvolutionReference(x, weight, wantState, want, { rows, channels, width, taps, position });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(state).toEqual(wantState);
  expect(used.filter((_, i) => i % width >= channels).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [channels, taps, rows, position] of [
  [384, 4, 12, 0],
  [384, 4, 1, 7],
  [40, 4, 2, 5],
  [40, 3, 9, 1],
  [72, 1, 3, 4],
] as const) {
  gpuTest(`shortConvolution: ${channels} channels, ${taps} taps, ${rows} rows from ${position}`, ({ device }) =>
    check(device, channels, taps, rows, position),
  );
}

maxGpuTest('shortConvolution with all that the adapter offers', ({ device }) => check(device, 64, 4, 3, 2));
