import { expect, test } from 'vitest';
import type { BenchmarkReport } from '../../workers/protocol/benchmark';
import { reportText } from './reportText';

const report: BenchmarkReport = {
  measuredAt: '2026-01-02T03:04:05.000Z',
  diagnostics: {
    backend: 'webgpu',
    unavailable: null,
    adapter: { vendor: 'apple', architecture: 'metal-3', device: '', description: '' },
    isSoftwareAdapter: false,
    features: ['shader-f16'],
    wgslFeatures: [],
    limits: { maxBufferSize: 1024 },
    deviceMemoryGiB: 8,
    storage: null,
    kernels: [],
    kernelChoiceMs: null,
  },
  copyGigabytesPerSecond: 100.4,
  peakGigaflops: null,
  shapes: [
    {
      shape: '1B',
      model: 'MiniCPM5-1B',
      parameters: 1_080_632_832,
      weightBytesPerToken: 6e8,
      gpuBytes: 734_000_000,
      contextLength: 4160,
      kvCache: 'f16',
      setupSeconds: 2,
      kernelChoiceMs: 123.4,
      kernels: [
        { name: 'matvec f16', state: 'active' },
        { name: 'matmul subgroups', state: 'refused', reason: 'no subgroups' },
      ],
      cases: [
        {
          kind: 'decode',
          tokens: 128,
          result: {
            state: 'measured',
            tokensPerSecond: 81.239,
            spread: 0.1,
            repeats: 5,
            firstTokenSeconds: 0.0131,
            gigabytesPerSecond: 50.2,
            shareOfBandwidth: 0.5,
            gigaflops: 130,
            shareOfPeak: null,
            dispatchesPerToken: 149,
            submitsPerToken: 1,
            readbacksPerToken: 0.25,
            uploadedBytesPerToken: 1,
          },
        },
        { kind: 'decode', tokens: 4096, result: { state: 'too-slow', detail: 'would take 20 s, of 10 s allowed' } },
      ],
    },
  ],
};

test('the text names device, browser, kernels and every case', () => {
  const [text, json] = reportText(report, 'Safari 26').split('\n\n{');
  expect(text).toContain('browser: Safari 26');
  expect(text).toContain('adapter: apple, metal-3\n');
  expect(text).toContain('maxBufferSize 1024,');
  expect(text).toContain(
    'kernel active: matvec f16\n  kernel refused: matmul subgroups (no subgroups)\n  kernels chosen in: 123 ms',
  );
  expect(text).toContain('f32 multiply-add rate: not measured');
  expect(text).toContain(
    'decode 128: 81.2 tokens/s ± 5 %, first token after 0.0131 s, 50.2 GB/s (50 % of copy bandwidth), 130 GFLOP/s',
  );
  expect(text).toContain('decode 4096: too-slow (would take 20 s, of 10 s allowed)');
  expect(JSON.parse(`{${json}`)).toEqual(report);
});
