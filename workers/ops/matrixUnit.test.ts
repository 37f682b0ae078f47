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
  matrixUnitOf({ adapterInfo: { subgroupMinSize: 32, subgroupMaxSize: 32, subgroupMatrixConfigs } });

test('halves are preferred, and results are floats', () => {
  expect(unitOf(config('f32', 'f32'), config('f16', 'f16'))).toEqual({ m: 8, n: 8, k: 8, element: 'f32' });
  expect(unitOf(config('f32', 'f32'), config('f16', 'f32', 16))).toEqual({ m: 16, n: 16, k: 16, element: 'f16' });
});

test('sizes and types without a kernel are passed over', () => {
  expect(unitOf(config('u8', 'u32'), config('f16', 'f32', 32))).toBeUndefined();
  expect(matrixUnitOf({})).toBeUndefined();
});

test('none where subgroups are not always of 32', () => {
  const adapterInfo = { subgroupMinSize: 8, subgroupMaxSize: 32, subgroupMatrixConfigs: [config('f32', 'f32')] };
  expect(matrixUnitOf({ adapterInfo })).toBeUndefined();
});
