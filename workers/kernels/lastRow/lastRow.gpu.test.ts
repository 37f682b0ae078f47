import { expect } from 'vitest';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { lastRow } from './lastRow';
import { lastRowReference } from './lastRow.reference';

async function check(device: GPUDevice, capacity: number, rows: number, width: number) {
  const x = new Random(width).floats(capacity * width);
  const got = new Float32Array(width).fill(777);
  await runLaunch(device, lastRow({ rows: capacity, width }), { rows }, [x, got]);
  const want = new Float32Array(width);
  lastRowReference(x, want, { rows: Math.min(rows, capacity), width });
  expect(got).toEqual(want);
}

for (const [capacity, rows, width] of [
  [1, 1, 32],
  [17, 1, 96],
  [17, 5, 288],
  [17, 17, 1056],
] as const) {
  gpuTest(`lastRow: ${rows} of ${capacity} rows of ${width}`, ({ device }) => check(device, capacity, rows, width));
}

maxGpuTest('lastRow with all that the adapter offers', ({ device }) => check(device, 4, 3, 64));

gpuTest('the last row of a last row is itself', ({ device }) => check(device, 1, 5, 32));
