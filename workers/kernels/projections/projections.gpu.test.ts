import { expect } from 'vitest';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { variantGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { TILE_VARIANTS, tileTolerance } from '../../testing/variants';
import { projections } from './projections';
import { projectionsReference } from './projections.reference';

interface Case {
  formats: readonly MatrixFormat[];
  rows: readonly number[];
  columns: number;
  /** Activation rows of the step, and of the program. */
  used: number;
  batch: number;
}

async function check(device: GPUDevice, variant: KernelVariant, { formats, rows, columns, used, batch }: Case) {
  const random = new Random(columns);
  const [width, squaresWidth] = [paddedWidth(columns), paddedWidth(4 * Math.ceil(columns / 32))];
  const x = random.rows(batch, columns, width);
  const squares = random.floats(batch * squaresWidth).map((value) => value * value);
  let outWidth = 32;
  const parts = formats.map((format, i) => {
    const part = { format, rows: rows[i]!, outStart: outWidth };
    outWidth += paddedWidth(part.rows);
    return part;
  });
  const packed = parts.map((part) => randomPackedMatrix(random, part.format, part.rows, columns));
  const norm = { columns, eps: 1e-5, gain: 0.5 };
  /** Rows first to first + count − 1, by a kernel for `most`. */
  const run = async (first: number, count: number, most: number) => {
    const out = new Float32Array(most * outWidth).fill(777);
    const operands = [x.subarray(first * width), squares.subarray(first * squaresWidth), out, ...packed];
    await runLaunch(device, projections({ parts, outWidth, batch: most, variant, ...norm }), { rows: count }, operands);
    return out;
  };
  const got = await run(0, used, batch);
  expect(got.subarray(used * outWidth).every((value) => value === 777)).toBe(true);
  for (let m = 0; m < used; m++) {
    const out = got.subarray(m * outWidth, (m + 1) * outWidth);
    expect(out.subarray(0, 32).every((value) => value === 777)).toBe(true);
    for (const [i, part] of parts.entries()) {
      const weights = unpackMatrix(part.format, packed[i]!, part.rows, columns);
      const rowSquares = squares.subarray(m * squaresWidth, m * squaresWidth + 4 * Math.ceil(columns / 32));
      const want = projectionsReference(weights, x.subarray(m * width), rowSquares, part.rows, norm);
      const end = part.outStart + part.rows;
      expect(nmse(out.subarray(part.outStart, end), want)).toBeLessThan(tileTolerance(part.format, variant));
      expect(out.subarray(end, part.outStart + paddedWidth(part.rows)).every((value) => value === 0)).toBe(true);
    }
    if (batch > 1) expect(await run(m, 1, 1)).toEqual(out);
  }
}

const ONE: Case = { formats: ['f16'], rows: [95], columns: 1056, used: 1, batch: 1 };
const MIXED: Case = {
  formats: ['int4-affine', 'f32', 'int8-affine'],
  rows: [1, 32, 31],
  columns: 40,
  used: 1,
  batch: 2,
};
const QKV: Case = { formats: ['int4', 'int4', 'int8'], rows: [70, 33, 33], columns: 288, used: 2, batch: 2 };
const FOUR: Case = { formats: ['f32', 'f32', 'f32', 'f32'], rows: [64, 3, 33, 3], columns: 96, used: 1, batch: 1 };
/** What a variant lacks, beside what it has. */
const BESIDE_FLOATS: Case = {
  formats: ['int4', 'f32', 'f32', 'int4'],
  rows: [70, 3, 16, 33],
  columns: 288,
  used: 2,
  batch: 2,
};
const WIDE: Case = { ...QKV, used: 7, batch: 8 };

for (const [variant, shape] of [
  ['f32', ONE],
  ['f32', MIXED],
  ['f32', FOUR],
  ['f32', WIDE],
  ...TILE_VARIANTS.map((name) => [name, QKV] as const),
  ['f16', BESIDE_FLOATS],
  ['int8', BESIDE_FLOATS],
  ['int8', { ...BESIDE_FLOATS, used: 1, batch: 1 }],
] as const) {
  const { formats, rows, columns, used, batch } = shape;
  variantGpuTest(
    `projections ${formats.join(' ')} ${variant} [${rows.join(' + ')}, ${columns}], ${used} of ${batch} rows`,
    variant,
    (device) => check(device, variant, shape),
  );
}
