import { afterEach, describe, expect, test, vi } from 'vitest';
import { isSoftwareAdapter, requestDevice } from './device';

afterEach(() => vi.unstubAllGlobals());

const OPTIONS = { limits: 'max', features: 'all' } as const;
const INFO = { vendor: 'google', architecture: 'swiftshader', device: '', description: '', isFallbackAdapter: false };

/** A browser whose WebGPU gives this adapter. */
function stubAdapter(adapter: unknown) {
  const gpu = { requestAdapter: () => Promise.resolve(adapter), wgslLanguageFeatures: new Set(['b', 'a']) };
  vi.stubGlobal('navigator', { gpu });
}

describe('where there is no device, the result says why', () => {
  test('no WebGPU at all', async () => {
    vi.stubGlobal('navigator', {});
    const result = await requestDevice(OPTIONS);
    expect(result).toMatchObject({ device: null, diagnostics: { unavailable: 'no-webgpu', adapter: null } });
  });

  test('no adapter', async () => {
    stubAdapter(null);
    expect(await requestDevice(OPTIONS)).toMatchObject({ device: null, diagnostics: { unavailable: 'no-adapter' } });
  });

  test('an adapter that gives no device is described all the same', async () => {
    stubAdapter({
      info: INFO,
      features: new Set(['subgroups']),
      limits: { maxBufferSize: 5 },
      requestDevice: () => Promise.reject(new Error('too many tabs')),
    });
    const result = await requestDevice(OPTIONS);
    expect(result).toMatchObject({
      device: null,
      reason: expect.stringContaining('too many tabs'),
      diagnostics: {
        unavailable: 'device-failed',
        adapter: { vendor: 'google' },
        isSoftwareAdapter: true,
        features: ['subgroups'],
        wgslFeatures: ['a', 'b'],
        limits: { maxBufferSize: 5 },
      },
    });
  });
});

test('raises only the limits it has a use for, and does without where the driver refuses', async () => {
  const asked: GPUDeviceDescriptor[] = [];
  stubAdapter({
    info: INFO,
    features: new Set(),
    limits: { maxBufferSize: 5, maxTextureDimension2D: 9 },
    requestDevice: (descriptor: GPUDeviceDescriptor) => {
      asked.push(descriptor);
      if (descriptor.requiredLimits) return Promise.reject(new Error('limits'));
      return Promise.resolve({ features: new Set(), limits: { maxBufferSize: 3 } });
    },
  });
  const { diagnostics } = await requestDevice(OPTIONS);
  expect(diagnostics).toMatchObject({ unavailable: null, limits: { maxBufferSize: 3 } });
  expect(asked).toHaveLength(2);
  expect(asked[0]!.requiredLimits).toMatchObject({ maxBufferSize: 5 });
  expect(asked[0]!.requiredLimits).not.toHaveProperty('maxTextureDimension2D');
});

test('software adapters are told from others', () => {
  const info = (fields: Partial<typeof INFO>) => ({ ...INFO, architecture: '', ...fields }) as GPUAdapterInfo;
  expect(isSoftwareAdapter(info({ architecture: 'swiftshader' }))).toBe(true);
  expect(isSoftwareAdapter(info({ description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }))).toBe(true);
  expect(isSoftwareAdapter(info({ description: 'Microsoft Basic Render Driver' }))).toBe(true);
  expect(isSoftwareAdapter(info({ isFallbackAdapter: true }))).toBe(true);
  expect(isSoftwareAdapter(info({ vendor: 'apple', architecture: 'metal-3' }))).toBe(false);
});
