import { expect } from 'vitest';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { projectionsReference } from '../projections/projections.reference';
import { gatedProjections } from './gatedProjections';
import { gatedProjectionsReference } from './gatedProjections.reference';

async function check(device: GPUDevice, gate: MatrixFormat, up: MatrixFormat, rows: number, columns: number, size = 1) {
  const random = new Random(rows + columns);
  const x = random.rows(1, columns, paddedWidth(columns)).map((value) => size * value);
  const squares = random.floats(paddedWidth(columns) / 32).map((value) => value * value);
  const [gatePacked, upPacked] = [gate, up].map((format) => randomPackedMatrix(random, format, rows, columns));
  const got = new Float32Array(paddedWidth(rows)).fill(777);
  const launch = gatedProjections({ gate, up, rows, columns, eps: 1e-5 });
  await runLaunch(device, launch, { rows: 1 }, [x, squares, got, gatePacked!, upPacked!]);
  const norm = { columns, eps: 1e-5, gain: 1 };
  const project = (format: MatrixFormat, packed: Uint8Array) =>
    projectionsReference(unpackMatrix(format, packed, rows, columns), x, squares, rows, norm);
  const want = gatedProjectionsReference(project(gate, gatePacked!), project(up, upPacked!));
  expect(nmse(got.subarray(0, rows), want)).toBeLessThan(1e-11);
  expect(got.subarray(rows).every((value) => value === 0)).toBe(true);
}

for (const [gate, up, rows, columns] of [
  ['int4', 'int4', 70, 288],
  ['int4', 'int8', 33, 40],
  ['f16', 'int4-affine', 33, 1056],
  ['f32', 'f32', 64, 32],
] as const) {
  gpuTest(`gatedProjections ${gate} ${up} [${rows}, ${columns}]`, ({ device }) =>
    check(device, gate, up, rows, columns),
  );
}

gpuTest('gatedProjections: a gate far below zero is finite', ({ device }) => check(device, 'f32', 'f32', 32, 64, 1e3));
