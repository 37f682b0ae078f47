import { expect } from 'vitest';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { projections } from './projections';
import { projectionsReference } from './projections.reference';

async function check(device: GPUDevice, formats: MatrixFormat[], rows: number[], columns: number) {
  const random = new Random(columns);
  const x = random.rows(1, columns, paddedWidth(columns));
  const squares = random.floats(paddedWidth(columns) / 32).map((value) => value * value);
  let outStart = 32;
  const parts = formats.map((format, i) => {
    const part = { format, rows: rows[i]!, outStart };
    outStart += paddedWidth(part.rows);
    return part;
  });
  const packed = parts.map((part) => randomPackedMatrix(random, part.format, part.rows, columns));
  const got = new Float32Array(outStart).fill(777);
  const norm = { columns, eps: 1e-5, gain: 0.5 };
  await runLaunch(device, projections({ parts, ...norm }), { rows: 1 }, [x, squares, got, ...packed]);
  expect(got.subarray(0, 32).every((value) => value === 777)).toBe(true);
  for (const [i, part] of parts.entries()) {
    const weights = unpackMatrix(part.format, packed[i]!, part.rows, columns);
    const want = projectionsReference(weights, x, squares, part.rows, norm);
    const end = part.outStart + part.rows;
    expect(nmse(got.subarray(part.outStart, end), want)).toBeLessThan(1e-11);
    expect(got.subarray(end, part.outStart + paddedWidth(part.rows)).every((value) => value === 0)).toBe(true);
  }
}

for (const [formats, rows, columns] of [
  [['int4', 'int4', 'int8'], [70, 33, 33], 288],
  [['int4-affine', 'f32', 'int8-affine'], [1, 32, 31], 40],
  [['f16'], [95], 1056],
] as const) {
  gpuTest(`projections ${formats.join(' ')} [${rows.join(' + ')}, ${columns}]`, ({ device }) =>
    check(device, [...formats], [...rows], columns),
  );
}
