import { expect } from 'vitest';
import { paddedWidth, type MatrixFormat } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { KV_B_CASES, latentHeads, randomKvB } from '../../testing/randomKvB';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { latentHeadDim, type LatentHeads } from '../shared/latentHeads';
import { latentValues } from './latentValues';
import { latentValuesReference } from './latentValues.reference';

async function check(device: GPUDevice, format: MatrixFormat, heads: LatentHeads, rows: number) {
  const { numHeads, valueDim } = heads;
  const random = new Random(numHeads + rows);
  const columns = numHeads * latentHeadDim(heads);
  const [xWidth, width] = [paddedWidth(columns), paddedWidth(numHeads * valueDim)];
  const attended = random.rows(rows + 1, columns, xWidth);
  const { packed, weightRow } = randomKvB(random, format, heads);
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, latentValues({ ...heads, format }), { rows }, [attended, packed, got]);
  const want = new Float32Array(rows * width);
  latentValuesReference(attended, weightRow, want, { ...heads, rows, xWidth, width });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-11);
  expect(used.filter((_, i) => i % width >= numHeads * valueDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [format, heads, rows] of KV_B_CASES) {
  const { numHeads, rank, valueDim } = heads;
  const name = `${numHeads} heads of ${valueDim} from ${rank}`;
  gpuTest(`latentValues ${format}: ${name}, ${rows} rows`, ({ device }) => check(device, format, heads, rows));
}

maxGpuTest('latentValues with all that the adapter offers', ({ device }) =>
  check(device, 'int4', latentHeads(4, 64, 32, 32, 96), 12),
);
