import type { Diagnostics, EngineOptions } from '../protocol';
import { estimateStorage } from '../storage/quota';
import { probeBackend } from './createBackend';

/** What this device and browser offer, and what the engine makes of it. */
export async function diagnose(options: EngineOptions): Promise<Diagnostics> {
  const [probe, storage] = await Promise.all([probeBackend(options), estimateStorage()]);
  const kernels = [
    { name: probe.backend === 'webgpu' ? 'WGSL, f32' : 'TypeScript reference', state: 'active' as const },
  ];
  return { ...probe, deviceMemoryGiB: deviceMemoryGiB(), storage, kernels };
}

/** Chromium alone tells, in powers of two. */
function deviceMemoryGiB(): number | null {
  const memory: unknown = 'deviceMemory' in navigator ? navigator.deviceMemory : null;
  return typeof memory === 'number' ? memory : null;
}
