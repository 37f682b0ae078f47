import { describe, expect, test } from 'vitest';
import type { KernelVariant } from '../protocol/kernels';
import { choiceOf, formOf, preferredVariant } from './kernelChoice';

const preferred = (times: Partial<Record<KernelVariant, number>>) =>
  preferredVariant(new Map(Object.entries(times) as [KernelVariant, number][]));

describe('the preferred variant', () => {
  test('exact variants compete on speed alone', () => {
    expect(preferred({ f32: 100, subgroups: 99 })).toBe('subgroups');
    expect(preferred({ f32: 100, subgroups: 101 })).toBe('f32');
  });

  test('f16 must be 15 % faster than the best exact one, int8, which rounds less, 5 %', () => {
    expect(preferred({ f32: 115.1, f16: 100 })).toBe('f16');
    expect(preferred({ f32: 114.9, f16: 100 })).toBe('f32');
    expect(preferred({ f32: 200, subgroups: 114, f16: 100 })).toBe('subgroups');
    expect(preferred({ f32: 115.1, 'subgroup-matrix': 100 })).toBe('subgroup-matrix');
    expect(preferred({ f32: 105.1, int8: 100 })).toBe('int8');
    expect(preferred({ f32: 104.9, int8: 100 })).toBe('f32');
    expect(preferred({ f32: 200, f16: 100, int8: 109 })).toBe('int8');
  });

  test('what could not be timed is not taken', () => {
    expect(preferred({ f32: 100, f16: Infinity })).toBe('f32');
  });
});

test('a variant without a form for a weight format is computed by another', () => {
  expect(formOf('matvec', 'int4', 'int8')).toBe('int8');
  expect(formOf('matvec', 'f32', 'int8')).toBe('f32');
  expect(formOf('matvec', 'int4', 'subgroup-matrix')).toBe('subgroups');
});

test('the choice is what reports call active', () => {
  expect(
    choiceOf([
      { name: 'matvec f32', products: 'matvec', variant: 'f32', state: 'available' },
      { name: 'matvec f16', products: 'matvec', variant: 'f16', state: 'active' },
      { name: 'matmul int8', products: 'matmul', variant: 'int8', state: 'failed' },
    ]),
  ).toEqual({ matvec: 'f16', matmul: 'f32' });
});
