import { expect, test } from 'vitest';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import { deviceFacts } from './deviceFacts';

const gpu: Diagnostics = {
  backend: 'webgpu',
  unavailable: null,
  adapter: { vendor: 'apple', architecture: 'metal-3', device: '', description: '' },
  isSoftwareAdapter: false,
  features: [],
  wgslFeatures: [],
  limits: {},
  deviceMemoryGiB: 8,
  storage: { usedBytes: 1e9, quotaBytes: 5e9, isPersistent: true },
  kernels: [],
  kernelChoiceMs: null,
};

test('a GPU is called by its best name and needs no note', () => {
  expect(deviceFacts(gpu)).toEqual({
    kind: 'unnamedGpu',
    gpu: 'apple metal-3',
    memoryBytes: 8e9,
    freeBytes: 4e9,
    note: null,
  });
  const described = { ...gpu, adapter: { ...gpu.adapter!, description: 'Apple M3' } };
  expect(deviceFacts(described).gpu).toBe('Apple M3');
  expect(deviceFacts({ ...gpu, adapter: { ...gpu.adapter!, vendor: '', architecture: '' } }).gpu).toBeNull();
});

test('a software adapter and each way to have no GPU get their own note', () => {
  expect(deviceFacts({ ...gpu, isSoftwareAdapter: true })).toMatchObject({ kind: 'software', note: 'softwareNote' });
  const cpu = { ...gpu, backend: 'cpu', adapter: null } as const;
  expect(deviceFacts({ ...cpu, unavailable: 'no-webgpu' })).toMatchObject({ kind: 'cpuOnly', note: 'noWebGpu' });
  expect(deviceFacts({ ...cpu, unavailable: 'no-adapter' }).note).toBe('noAdapter');
  expect(deviceFacts({ ...cpu, unavailable: 'device-failed' }).note).toBe('deviceFailed');
});

test('what the browser does not tell is left out, and a full disk has nothing free', () => {
  expect(deviceFacts({ ...gpu, deviceMemoryGiB: null, storage: null })).toMatchObject({
    memoryBytes: null,
    freeBytes: null,
  });
  expect(deviceFacts({ ...gpu, storage: { usedBytes: 9e9, quotaBytes: 5e9, isPersistent: false } }).freeBytes).toBe(0);
});
