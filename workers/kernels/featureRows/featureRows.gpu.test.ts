import { expect } from 'vitest';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { featureRows } from './featureRows';
import { featureRowsReference } from './featureRows.reference';

async function check(device: GPUDevice, width: number) {
  const features = new Random(width).floats(6 * width);
  const shape = { firstId: 100, rows: 6, width };
  const tokenIds = Uint32Array.from([100, 5, 105, 99, 106, 102, 4_000_000_000, 101]);
  const got = new Float32Array(8 * width).fill(777);
  await runLaunch(device, featureRows(shape), { rows: 7 }, [tokenIds, features, got]);
  const want = new Float32Array(8 * width).fill(777);
  featureRowsReference(tokenIds.subarray(0, 7), features, want, shape);
  expect(got).toEqual(want);
  expect(got[2 * width]).toBe(features[5 * width]);
}

for (const width of [32, 288]) {
  gpuTest(`featureRows ${width} wide`, ({ device }) => check(device, width));
}

maxGpuTest('featureRows with all that the adapter offers', ({ device }) => check(device, 64));
