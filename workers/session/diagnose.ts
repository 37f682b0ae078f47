import type { Diagnostics } from '../protocol/diagnostics';
import type { EngineOptions } from '../protocol/engine';
import type { KernelReport } from '../protocol/kernels';
import { estimateStorage } from '../storage/quota';
import { probeBackend } from './createBackend';
import { deviceMemoryGiB } from './deviceMemory';

/** What this device and browser offer, and what the engine makes of it; `loaded` are the kernels of a loaded model. */
export async function diagnose(options: EngineOptions, loaded: readonly KernelReport[] | null): Promise<Diagnostics> {
  const [probe, storage] = await Promise.all([probeBackend(options, loaded), estimateStorage()]);
  return { ...probe, kernels: [...probe.kernels], deviceMemoryGiB: deviceMemoryGiB(), storage };
}
