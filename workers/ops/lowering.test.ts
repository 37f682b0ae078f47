import { expect, test } from 'vitest';
import { matrixLayout } from '../quant/layout';
import type { Matrix, Tensor } from './graph';
import type { KernelChoice } from './kernelChoice';
import { lower } from './lowering';

const BUFFER = { byteLength: matrixLayout('int4', 64, 64).bytes, destroy: () => undefined };
const WEIGHT: Matrix = { format: 'int4', rows: 64, columns: 64, shards: [{ rowStart: 0, rows: 64, buffer: BUFFER }] };

/** The shader files that multiply this many activation rows. */
function filesOf(rows: number, kernels: KernelChoice): string[] {
  const [x, out] = [0, 1].map((id): Tensor => ({ id, rows, width: 64 }));
  const op = { kind: 'linear', x: x!, weight: WEIGHT, out: out! } as const;
  return lower(op, kernels).flatMap(({ launch }) => launch.kernel.sources.map(({ file }) => file));
}

test('a linear op takes the variant chosen for its number of rows', () => {
  const kernels = { matvec: 'f16', matmul: 'int8' } as const;
  expect(filesOf(8, kernels)).toContain('f16Stage.wgsl');
  expect(filesOf(9, kernels)).toContain('int8Matmul.wgsl');
});

test('matrix units serve where there are any', () => {
  const kernels = { matvec: 'f32', matmul: 'subgroup-matrix' } as const;
  expect(filesOf(64, kernels)).not.toContain('matrixUnitMatmul.wgsl');
  const matrixUnit = { m: 8, n: 8, k: 8, element: 'f16' } as const;
  expect(filesOf(64, { ...kernels, matrixUnit })).toContain('matrixUnitMatmul.wgsl');
});
