import { expect, test } from 'vitest';
import { paddedWidth, type MatrixFormat } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { latentHeads, randomKvB } from '../../testing/randomKvB';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { kvBRows, type LatentHeads } from '../shared/latentHeads';
import { hasLatentStep, latentStep, latentStepWidth } from './latentStep';
import { latentStepReference } from './latentStep.reference';

interface Case extends LatentHeads {
  queryRank: number;
  formats: { qB: MatrixFormat; kvB: MatrixFormat };
}

async function check(device: GPUDevice, sizes: Case, rows: number) {
  const { numHeads, rank, ropeDim, contentDim, queryRank, formats } = sizes;
  const random = new Random(numHeads * rank + queryRank);
  const keyStart = paddedWidth(queryRank);
  const xWidth = keyStart + paddedWidth(rank + ropeDim);
  const width = latentStepWidth(sizes);
  const queryRows = numHeads * (contentDim + ropeDim);
  const qB = randomPackedMatrix(random, formats.qB, queryRows, queryRank);
  const kvB = randomKvB(random, formats.kvB, sizes);
  const queryNorm = random.rows(1, queryRank, keyStart);
  const latentNorm = random.floats(paddedWidth(rank));
  const x = new Float32Array((rows + 1) * xWidth);
  for (let m = 0; m <= rows; m++) {
    x.set(random.floats(queryRank, 3), m * xWidth);
    x.set(random.floats(rank + ropeDim, 3), m * xWidth + keyStart);
  }
  const shape = { ...sizes, xWidth, keyStart, eps: 1e-6 };
  const run = async (first: number, count: number) => {
    const out = new Float32Array((count + 1) * width).fill(777);
    const operands = [x.subarray(first * xWidth), queryNorm, latentNorm, out, qB, kvB.packed];
    await runLaunch(device, latentStep(shape), { rows: count }, operands);
    expect(out.subarray(count * width).every((value) => value === 777)).toBe(true);
    return out.subarray(0, count * width);
  };
  const got = await run(0, rows);
  const qWeights = unpackMatrix(formats.qB, qB, queryRows, queryRank);
  const weights = {
    qB: Array.from({ length: queryRows }, (_, i) => qWeights.subarray(i * queryRank, (i + 1) * queryRank)),
    kvB: Array.from({ length: kvBRows(sizes) }, (_, i) => kvB.rowOf(i)),
    queryNorm,
    latentNorm,
  };
  const columns = (numHeads + 1) * (ropeDim + rank);
  for (let m = 0; m < rows; m++) {
    const row = got.subarray(m * width, (m + 1) * width);
    const want = latentStepReference(x.subarray(m * xWidth), weights, { ...shape, width });
    const keyColumns = numHeads * (ropeDim + rank);
    expect(nmse(row.subarray(0, keyColumns), want.subarray(0, keyColumns))).toBeLessThan(1e-11);
    expect(nmse(row.subarray(keyColumns), want.subarray(keyColumns))).toBeLessThan(1e-12);
    expect(row.subarray(columns).every((value) => value === 0)).toBe(true);
    if (rows > 1) expect(await run(m, 1)).toEqual(row);
  }
}

// The oracle's heads, the published ones, sizes that fill no block, the widest.
for (const [queryRank, heads, qB, kvB, rows] of [
  [128, latentHeads(4, 64, 32, 32, 96), 'f32', 'f32', 2],
  [768, latentHeads(3, 256, 32, 64, 64), 'int4', 'int8', 1],
  [768, latentHeads(2, 256, 32, 64, 64), 'int4-affine', 'int4', 8],
  [52, latentHeads(3, 36, 12, 20, 7), 'int8', 'int4-affine', 3],
  [10, latentHeads(1, 4, 4, 4, 1), 'f16', 'int8-affine', 1],
  [1088, latentHeads(2, 448, 64, 128, 128), 'int8-affine', 'f16', 2],
] as const) {
  const { numHeads, rank, ropeDim, contentDim } = heads;
  const name = `${queryRank} to ${numHeads} heads of ${contentDim} + ${ropeDim} to ${rank}`;
  gpuTest(`latentStep ${qB} ${kvB}: ${name}, ${rows} rows`, ({ device }) =>
    check(device, { ...heads, queryRank, formats: { qB, kvB } }, rows),
  );
}

maxGpuTest('latentStep with all that the adapter offers', ({ device }) =>
  check(device, { ...latentHeads(4, 64, 32, 32, 96), queryRank: 128, formats: { qB: 'int4', kvB: 'int4' } }, 2),
);

test('latentStep is refused where it would not fit in workgroup memory', () => {
  expect(hasLatentStep({ ...latentHeads(40, 256, 32, 64, 64), queryRank: 768 })).toBe(true);
  expect(hasLatentStep({ ...latentHeads(128, 512, 64, 128, 128), queryRank: 1536 })).toBe(false);
});
