import { describe, expect, test } from 'vitest';
import { requestDevice } from './device';

/** The WebGPU defaults that the kernels are designed for. */
const DEFAULTS = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupStorageSize: 16 * 2 ** 10,
  maxComputeInvocationsPerWorkgroup: 256,
};

describe('requestDevice', () => {
  test('asks for nothing beyond the defaults when told so', async () => {
    const { device, diagnostics } = await requestDevice({ limits: 'default', features: [] });
    expect(diagnostics.limits).toMatchObject(DEFAULTS);
    expect(device!.limits.maxBufferSize).toBe(DEFAULTS.maxBufferSize);
    for (const name of ['shader-f16', 'subgroups', 'timestamp-query']) expect(device!.features.has(name)).toBe(false);
    device!.destroy();
  });

  test('takes all that the adapter has, of the features that may be used', async () => {
    const adapter = (await navigator.gpu.requestAdapter())!;
    const { device, diagnostics } = await requestDevice({ limits: 'max', features: 'all' });
    expect(diagnostics.limits.maxBufferSize).toBe(adapter.limits.maxBufferSize);
    expect(diagnostics.features.includes('subgroups')).toBe(adapter.features.has('subgroups'));
    expect(diagnostics.features).not.toContain('texture-compression-bc');
    device!.destroy();
  });

  test('takes the features named, and ignores those the adapter lacks', async () => {
    const adapter = (await navigator.gpu.requestAdapter())!;
    const result = await requestDevice({ limits: 'default', features: ['timestamp-query', 'no-such-feature'] });
    expect(result.device!.features.has('timestamp-query')).toBe(adapter.features.has('timestamp-query'));
    expect(result.device!.features.has('subgroups')).toBe(false);
    result.device!.destroy();
  });

  test('recognises the software adapter that the tests run on', async () => {
    const { device, diagnostics } = await requestDevice({ limits: 'default', features: [] });
    expect(diagnostics).toMatchObject({ unavailable: null, isSoftwareAdapter: true });
    expect(diagnostics.adapter).not.toBeNull();
    device!.destroy();
  });
});
