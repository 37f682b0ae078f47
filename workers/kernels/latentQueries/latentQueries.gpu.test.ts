import { expect } from 'vitest';
import { paddedWidth, type MatrixFormat } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { KV_B_CASES, latentHeads, randomKvB } from '../../testing/randomKvB';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { latentHeadDim, type LatentHeads } from '../shared/latentHeads';
import { latentQueries } from './latentQueries';
import { latentQueriesReference } from './latentQueries.reference';

async function check(device: GPUDevice, format: MatrixFormat, heads: LatentHeads, rows: number) {
  const { numHeads, ropeDim, contentDim } = heads;
  const random = new Random(numHeads + rows);
  const qColumns = numHeads * (contentDim + ropeDim);
  const [qWidth, width] = [paddedWidth(qColumns), paddedWidth(numHeads * latentHeadDim(heads))];
  const q = random.rows(rows + 1, qColumns, qWidth);
  const { packed, weightRow } = randomKvB(random, format, heads);
  const got = new Float32Array((rows + 1) * width).fill(777);
  await runLaunch(device, latentQueries({ ...heads, format }), { rows }, [q, packed, got]);
  const want = new Float32Array(rows * width);
  latentQueriesReference(q, weightRow, want, { ...heads, rows, qWidth, width });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(used.every((value, i) => want[i] !== 0 || value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [format, heads, rows] of KV_B_CASES) {
  const { numHeads, rank, ropeDim, contentDim } = heads;
  const name = `${numHeads} heads of ${contentDim} + ${ropeDim} to ${rank}`;
  gpuTest(`latentQueries ${format}: ${name}, ${rows} rows`, ({ device }) => check(device, format, heads, rows));
}

maxGpuTest('latentQueries with all that the adapter offers', ({ device }) =>
  check(device, 'int4', latentHeads(4, 64, 32, 32, 96), 12),
);
