import { expect } from 'vitest';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import { embedding } from './embedding';
import { embeddingReference } from './embedding.reference';

const FORMATS = Object.keys(WEIGHT_FORMATS) as MatrixFormat[];

async function check(device: GPUDevice, format: MatrixFormat, rows: number, columns: number) {
  const random = new Random(rows * columns);
  const table = randomPackedMatrix(random, format, rows, columns);
  const width = paddedWidth(columns);
  const tokenIds = Uint32Array.from([0, rows - 1, rows >> 1, 0, random.below(rows)]);
  const capacity = tokenIds.length + 2;
  const got = new Float32Array(capacity * width).fill(777);
  const launch = embedding({ format, rowStart: 0, rows, columns, scale: 12 });
  await runLaunch(device, launch, { rows: tokenIds.length }, [tokenIds, table, got]);
  const want = new Float32Array(tokenIds.length * width);
  embeddingReference(tokenIds, unpackMatrix(format, table, rows, columns), want, { columns, width, scale: 12 });
  const used = got.subarray(0, want.length);
  expect(nmse(used, want)).toBeLessThan(1e-12);
  expect(used.filter((_, i) => i % width >= columns).every((value) => value === 0)).toBe(true);
  expect(got.subarray(want.length).every((value) => value === 777)).toBe(true);
}

for (const format of FORMATS) {
  for (const [rows, columns] of [
    [1, 32],
    [31, 33],
    [33, 288],
    [70, 40],
  ] as const) {
    gpuTest(`embedding ${format} [${rows}, ${columns}]`, ({ device }) => check(device, format, rows, columns));
  }
  maxGpuTest(`embedding ${format} with all that the adapter offers`, ({ device }) => check(device, format, 40, 64));
}

gpuTest('a shard serves its own token ids and no others', async ({ device }) => {
  const random = new Random(7);
  const shard = { format: 'int8', rowStart: 64, rows: 33, columns: 32 } as const;
  const table = randomPackedMatrix(random, 'int8', shard.rows, shard.columns);
  const tokenIds = Uint32Array.from([63, 64, 96, 97, 0, 4_000_000_000]);
  const got = new Float32Array(tokenIds.length * 32).fill(777);
  const launch = embedding({ ...shard, scale: 1 });
  await runLaunch(device, launch, { rows: tokenIds.length }, [tokenIds, table, got]);
  const weights = unpackMatrix('int8', table, shard.rows, shard.columns);
  const want = new Float32Array(tokenIds.length * 32).fill(777);
  want.set(weights.subarray(0, 32), 32);
  want.set(weights.subarray(32 * 32, 33 * 32), 2 * 32);
  expect(nmse(got, want)).toBeLessThan(1e-12);
});
