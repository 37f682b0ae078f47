import type { Diagnostics } from '../../workers/protocol/diagnostics';

/** What the page says about the device. `note` names the text that explains a limitation. */
export interface DeviceFacts {
  kind: 'unnamedGpu' | 'software' | 'cpuOnly';
  gpu: string | null;
  memoryBytes: number | null;
  freeBytes: number | null;
  note: 'noWebGpu' | 'noAdapter' | 'deviceFailed' | 'softwareNote' | null;
}

const NOTES = { 'no-webgpu': 'noWebGpu', 'no-adapter': 'noAdapter', 'device-failed': 'deviceFailed' } as const;

export function deviceFacts(diagnostics: Diagnostics): DeviceFacts {
  const { backend, adapter, isSoftwareAdapter, unavailable, deviceMemoryGiB, storage } = diagnostics;
  const kind = backend === 'cpu' ? 'cpuOnly' : isSoftwareAdapter ? 'software' : 'unnamedGpu';
  const cpuNote = backend === 'cpu' && unavailable ? NOTES[unavailable] : null;
  return {
    kind,
    gpu: kind === 'unnamedGpu' && adapter ? gpuName(adapter) : null,
    memoryBytes: deviceMemoryGiB === null ? null : deviceMemoryGiB * 1e9,
    freeBytes: storage && Math.max(0, storage.quotaBytes - storage.usedBytes),
    note: kind === 'software' ? 'softwareNote' : cpuNote,
  };
}

/** The most telling name that the browser gives; many browsers give only vendor and architecture. */
function gpuName({ vendor, architecture, device, description }: NonNullable<Diagnostics['adapter']>): string | null {
  return description || device || [vendor, architecture].filter(Boolean).join(' ') || null;
}
