import { expect, test } from 'vitest';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { ModelInfo } from '../../workers/protocol/model';
import { deviceReport, type PageState } from './deviceReport';

const diagnostics: Diagnostics = {
  backend: 'cpu',
  unavailable: 'no-adapter',
  adapter: null,
  isSoftwareAdapter: false,
  features: [],
  wgslFeatures: [],
  limits: {},
  deviceMemoryGiB: 8,
  storage: { usedBytes: 10, quotaBytes: 20, isPersistent: false },
  kernels: [],
  kernelChoiceMs: 512.3,
};
const surroundings = {
  time: '2026-01-02T03:04:05.000Z',
  userAgent: 'Browser/1',
  languages: ['zh-CN'],
  screen: [390, 844, 3],
  cores: 8,
  isInstalled: true,
} as const;
const model = { id: 'm', name: 'M', architecture: 'llama', quantization: 'auto', bytes: 5, source: { kind: 'files' } };
const state: PageState = {
  diagnostics,
  kernels: [{ name: 'plain', state: 'active' }],
  models: [model as ModelInfo],
  loadedId: 'm',
  error: null,
};

test('the report says what the device is, what is stored and what went wrong', () => {
  const report = deviceReport(surroundings, {
    ...state,
    error: { name: 'NetworkError', detail: 'status 500' } as never,
  });
  for (const line of [
    'browser: Browser/1',
    'screen: 390 × 844, 3 pixels per point',
    'opened: installed',
    'no WebGPU because: no-adapter',
    'memory: 8 GiB or more',
    'storage: 10 of 20 bytes used, may be cleared',
    'kernels chosen in: 512 ms',
    'kernel active: plain',
    'model loaded: m (llama, auto, 5 bytes, files)',
    'last error: NetworkError: status 500',
  ])
    expect(report.split('\n')).toContain(line);
});

test('what the browser does not tell is said to be so', () => {
  const untold = { ...state, diagnostics: { ...diagnostics, deviceMemoryGiB: null, storage: null }, loadedId: null };
  const report = deviceReport({ ...surroundings, cores: null, isInstalled: false }, untold);
  for (const line of ['cores: not told', 'memory: not told', 'storage: not told', 'opened: in a browser'])
    expect(report.split('\n')).toContain(line);
  expect(report).toContain('model stored: m');
  expect(report).not.toContain('last error');
});
