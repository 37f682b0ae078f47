import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { rope } from './rope';
import { ropeReference } from './rope.reference';

const POSITIONS = 40;

/** Angles that differ for every position and pair. */
function ropeTable(rotaryDim: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: POSITIONS * rotaryDim }, (_, i) => {
    const angle = (1 + Math.floor(i / rotaryDim)) * 0.9 ** Math.floor((i % rotaryDim) / 2);
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
}

async function check(
  device: GPUDevice,
  numHeads: number,
  headDim: number,
  rows: number,
  position: number,
  rotaryDim = headDim,
) {
  const random = new Random(numHeads * headDim + rows);
  const width = paddedWidth(numHeads * headDim);
  const capacity = rows + 1;
  const x = random.rows(capacity, width, width);
  const table = ropeTable(rotaryDim);
  const got = new Float32Array(capacity * width).fill(777);
  await runLaunch(device, rope({ numHeads, headDim, rotaryDim }), { rows, position }, [table, x, got]);
  const want = new Float32Array(rows * width);
  ropeReference(table, x, want, { rows, numHeads, headDim, rotaryDim, width, position });
  const used = got.subarray(0, rows * width);
  expect(nmse(used, want)).toBeLessThan(1e-13);
  expect(used.filter((_, i) => i % width >= numHeads * headDim).every((value) => value === 0)).toBe(true);
  expect(got.subarray(rows * width).every((value) => value === 777)).toBe(true);
}

for (const [numHeads, headDim, rows, position] of [
  [1, 2, 1, 0],
  [2, 24, 5, 3],
  [8, 64, 1, 39],
  [3, 72, 17, 11],
  [5, 96, 2, 1],
  [1, 256, 3, 0],
] as const) {
  gpuTest(`rope: ${numHeads} heads of ${headDim}, ${rows} rows from position ${position}`, ({ device }) =>
    check(device, numHeads, headDim, rows, position),
  );
}

for (const [numHeads, headDim, rotaryDim] of [
  [4, 64, 16],
  [3, 24, 6],
  [8, 256, 64],
] as const) {
  gpuTest(`rope: ${rotaryDim} of ${headDim} channels rotate`, ({ device }) =>
    check(device, numHeads, headDim, 3, 2, rotaryDim),
  );
}

maxGpuTest('rope with all that the adapter offers', ({ device }) => check(device, 2, 64, 2, 5));
