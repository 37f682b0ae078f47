import type { Diagnostics } from '../protocol/diagnostics';
import type { EngineOptions } from '../protocol/engine';
import { estimateStorage } from '../storage/quota';
import { probeBackend, type KernelsInUse } from './createBackend';
import { deviceMemoryGiB } from './deviceMemory';

/** What this device and browser offer, and what the engine makes of it; `loaded` is what a loaded model computes with. */
export async function diagnose(options: EngineOptions, loaded: KernelsInUse | null): Promise<Diagnostics> {
  const [probe, storage] = await Promise.all([probeBackend(options, loaded), estimateStorage()]);
  return { ...probe, deviceMemoryGiB: deviceMemoryGiB(), storage };
}
