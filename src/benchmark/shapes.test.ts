import { expect, test } from 'vitest';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import { defaultShape } from './shapes';

const gpu = { backend: 'webgpu', isSoftwareAdapter: false, deviceMemoryGiB: 8 } as Diagnostics;

test('the default is the largest shape that fits, and the smallest without a GPU', () => {
  expect(defaultShape(gpu, false)).toBe('2B');
  expect(defaultShape({ ...gpu, deviceMemoryGiB: 4 }, false)).toBe('1B');
  expect(defaultShape({ ...gpu, deviceMemoryGiB: 1 }, false)).toBe('0.3B');
  expect(defaultShape({ ...gpu, deviceMemoryGiB: 0.25 }, false)).toBe('nano');
  expect(defaultShape({ ...gpu, isSoftwareAdapter: true }, false)).toBe('nano');
  expect(defaultShape({ ...gpu, backend: 'cpu' }, false)).toBe('nano');
});

test('a handheld is spared, and a browser that tells nothing is not taken for a large machine', () => {
  expect(defaultShape(gpu, true)).toBe('1B');
  expect(defaultShape({ ...gpu, deviceMemoryGiB: null }, false)).toBe('1B');
  expect(defaultShape({ ...gpu, deviceMemoryGiB: null }, true)).toBe('1B');
});
