import type { KernelReport } from './kernels';

export interface Diagnostics {
  backend: 'webgpu' | 'cpu';
  /** Why there is no WebGPU, where there is none. */
  unavailable: 'no-webgpu' | 'no-adapter' | 'device-failed' | null;
  adapter: { vendor: string; architecture: string; device: string; description: string } | null;
  /** True for SwiftShader and the like: WebGPU on the processor. */
  isSoftwareAdapter: boolean;
  features: string[];
  wgslFeatures: string[];
  limits: Record<string, number>;
  /** navigator.deviceMemory in GiB where the browser tells. */
  deviceMemoryGiB: number | null;
  /** `isPersistent`: whether the browser has promised not to clear it when space runs short. */
  storage: { usedBytes: number; quotaBytes: number; isPersistent: boolean } | null;
  /** Of the model loaded last; before that, what is remembered of this device or can be told without trying. */
  kernels: KernelReport[];
  /** Milliseconds that choosing them took, tests and timings; null before a load, and on the CPU. */
  kernelChoiceMs: number | null;
}
