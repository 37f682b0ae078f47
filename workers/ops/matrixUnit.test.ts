import { expect, test } from 'vitest';
import { matrixUnitOf } from './matrixUnit';

const config = (componentType: string, resultComponentType: string, size = 8) => ({
  componentType,
  resultComponentType,
  M: size,
  N: size,
  K: size,
});

const unitOf = (...subgroupMatrixConfigs: ReturnType<typeof config>[]) =>
  matrixUnitOf({ adapterInfo: { subgroupMaxSize: 32, subgroupMatrixConfigs } });

test('halves are preferred, then large units, and results are floats', () => {
  expect(unitOf(config('f32', 'f32'), config('f16', 'f16'))).toEqual({ m: 8, n: 8, k: 8, element: 'f32' });
  expect(unitOf(config('f32', 'f32', 16), config('f16', 'f32'))).toEqual({ m: 8, n: 8, k: 8, element: 'f16' });
  expect(unitOf(config('f16', 'f32'), config('f16', 'f32', 16))).toEqual({ m: 16, n: 16, k: 16, element: 'f16' });
});

test('sizes and types without a kernel are passed over', () => {
  expect(unitOf(config('u8', 'u32'), config('f16', 'f32', 32))).toBeUndefined();
  expect(matrixUnitOf({})).toBeUndefined();
});

test('subgroups of more than 32 invocations, and of a size that is not told, have none', () => {
  const subgroupMatrixConfigs = [config('f16', 'f32', 16)];
  expect(matrixUnitOf({ adapterInfo: { subgroupMaxSize: 64, subgroupMatrixConfigs } })).toBeUndefined();
  expect(matrixUnitOf({ adapterInfo: { subgroupMatrixConfigs } })).toBeUndefined();
});
