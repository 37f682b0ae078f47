import { engineError } from '../errors';
import { requestDevice, type DeviceDiagnostics, type DeviceResult } from '../gpu/device';
import type { Backend } from '../ops/backend';
import { CpuBackend } from '../ops/cpuBackend';
import { GpuBackend } from '../ops/gpuBackend';
import type { EngineOptions } from '../protocol';

/**
 * WebGPU where the browser gives a device, else plain TypeScript on the CPU.
 * Throws UnsupportedError where WebGPU is asked for by name and there is none.
 */
export async function createBackend(options: EngineOptions): Promise<Backend> {
  if (options.backend === 'cpu') return new CpuBackend();
  const result = await request(options);
  if (result.device) return new GpuBackend(result.device, { fusion: options.fusion ?? true });
  if (options.backend === 'webgpu') throw engineError('UnsupportedError', result.reason);
  return new CpuBackend();
}

/** What `createBackend` would compute on, and everything the browser tells about its GPU. */
export async function probeBackend(options: EngineOptions): Promise<DeviceDiagnostics & { backend: Backend['kind'] }> {
  const { device, diagnostics } = await request(options);
  device?.destroy();
  return { ...diagnostics, backend: device && options.backend !== 'cpu' ? 'webgpu' : 'cpu' };
}

function request({ limits = 'max', features = 'all' }: EngineOptions): Promise<DeviceResult> {
  return requestDevice({ limits, features });
}
