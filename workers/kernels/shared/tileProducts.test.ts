import { describe, expect, test } from 'vitest';
import type { MatrixFormat } from '../../quant/layout';
import { tileProducts, tileVariant } from './tileProducts';
import { WEIGHT_FORMATS } from './weightFormats';

const FORMATS = Object.keys(WEIGHT_FORMATS) as MatrixFormat[];

test('a variant falls back where a weight format lacks it', () => {
  expect(FORMATS.filter((format) => tileVariant(format, 'f16') === 'f16')).toEqual(
    FORMATS.filter((format) => format !== 'f32'),
  );
  expect(FORMATS.filter((format) => tileVariant(format, 'int8') === 'int8')).toEqual(
    FORMATS.filter((format) => !['f16', 'f32'].includes(format)),
  );
  expect(tileVariant('f32', 'subgroups')).toBe('subgroups');
  for (const wanted of ['registers', 'subgroup-matrix'] as const) expect(tileVariant('int4', wanted)).toBe('subgroups');
});

describe('workgroup memory stays far below 16 KiB, and a slice has the same blocks in every batch', () => {
  for (const variant of ['f16', 'int8'] as const) {
    for (const columns of [32, 64, 288, 2304, 5760, 20_000]) {
      test(`${variant} at ${columns} columns`, () => {
        for (const [together, tiles] of [
          [1, 3],
          [1, 100],
          [1, 3837],
          [2, 3],
          [2, 180],
        ] as const) {
          const slices = new Set<number>();
          for (let batch = 1; batch <= 8; batch++) {
            const parts = [{ name: 'w', format: 'int4' as const, binding: 1 }];
            const { constants } = tileProducts([], { parts, tiles, columns, batch, variant, together });
            const { SHARED_UNITS, CHUNK, SLICES } = constants as Record<string, number>;
            slices.add(SLICES!);
            expect(CHUNK! % SLICES!).toBe(0);
            expect(CHUNK).toBeGreaterThan(0);
            expect(16 * SHARED_UNITS! + 8 * batch * CHUNK!).toBeLessThan(12 * 1024);
          }
          expect(slices.size).toBe(1);
        }
      });
    }
  }
});

test('matrices of few tiles are shared out among more workgroups, as long as each has columns enough', () => {
  const shapeOf = (tiles: number, columns: number, variant: 'f32' | 'f16' | 'subgroups' = 'f32') => {
    const parts = [{ name: 'w', format: 'int4' as const, binding: 1 }];
    const { constants, workgroups } = tileProducts([], { parts, tiles, columns, batch: 1, variant });
    return [workgroups, constants.ROWS, constants.SLICES];
  };
  expect(shapeOf(3837, 2304)).toEqual([3837, 32, 8]);
  expect(shapeOf(216, 2304)).toEqual([432, 16, 16]);
  expect(shapeOf(72, 2304)).toEqual([288, 8, 32]);
  expect(shapeOf(72, 2304, 'f16')).toEqual([144, 16, 16]);
  expect(shapeOf(72, 2304, 'subgroups')).toEqual([72, 32, 8]);
  expect(shapeOf(6, 192)).toEqual([6, 32, 2]);
});
