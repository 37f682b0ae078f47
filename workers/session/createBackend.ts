import { engineError, hasErrorName } from '../errors';
import { rejectWhenLost, requestDevice, type DeviceDiagnostics, type DeviceResult } from '../gpu/device';
import { KernelCompiler } from '../gpu/kernel';
import type { Backend } from '../ops/backend';
import { CpuBackend } from '../ops/cpuBackend';
import { GpuBackend, type GpuBackendOptions } from '../ops/gpuBackend';
import { GpuTrials, type KernelTrials } from '../ops/kernelTrials';
import type { KernelWorkload } from '../ops/kernelWorkload';
import type { EngineOptions } from '../protocol/engine';
import type { Diagnostics } from '../protocol/diagnostics';
import type { KernelReasonCode } from '../protocol/kernels';
import { KernelMemory } from '../storage/kernelMemory';
import { DEFAULT_DATABASE } from '../storage/weightStore';
import { deviceKernels, expectedKernels, kernelsAfterFailure, rememberFailure } from './deviceKernels';

/** What a backend tells of its kernels. */
export type KernelsInUse = Pick<Backend, 'kernelReports' | 'kernelChoiceMs'>;

/**
 * WebGPU where the browser gives a device, with the kernels that suit it and this workload, else plain TypeScript on the
 * CPU. Throws UnsupportedError where WebGPU, or a kernel variant, is asked for by name and not to be had, or where the
 * device computes wrong.
 */
export async function createBackend(options: EngineOptions, workload: KernelWorkload): Promise<Backend> {
  if (options.backend === 'cpu') return new CpuBackend();
  const result = await request(options);
  if (result.device) return gpuBackend(result.device, result.diagnostics, options, workload);
  const { backend, kernels = 'auto' } = options;
  const isGpuAskedFor = backend === 'webgpu' || !['auto', 'f32'].includes(kernels);
  if (isGpuAskedFor) throw engineError('UnsupportedError', result.reason);
  return new CpuBackend();
}

async function gpuBackend(
  device: GPUDevice,
  diagnostics: DeviceDiagnostics,
  options: EngineOptions,
  workload: KernelWorkload,
): Promise<GpuBackend> {
  const memory = memoryOf(options);
  const on = { device, diagnostics };
  try {
    return await backendOn(on, options, workload, (trials) => deviceKernels(on, options, workload, trials, memory));
  } catch (error) {
    // A driver may crash over one kernel and do well with others.
    if (!hasErrorName(error, 'DeviceLostError') || (options.kernels ?? 'auto') !== 'auto') throw error;
    // Sooner than the next device is asked for, which may be lost as well.
    const reports = await rememberFailure(on, options, workload, memory, 'device-lost');
    // A browser whose GPU has crashed may answer with another adapter.
    const second = await request(options);
    if (!second.device) throw error;
    return await backendOn(second, options, workload, (trials) => kernelsAfterFailure(second, trials, reports));
  }
}

/**
 * A backend with the kernels that `choose` finds. Throws what `choose` throws, or DeviceLostError; the device is destroyed
 * then.
 */
async function backendOn(
  { device, diagnostics }: { device: GPUDevice; diagnostics: DeviceDiagnostics },
  { fusion = true }: EngineOptions,
  workload: KernelWorkload,
  choose: (trials: KernelTrials) => Promise<Partial<GpuBackendOptions>>,
): Promise<GpuBackend> {
  const compiler = new KernelCompiler(device);
  const trials = new GpuTrials(device, workload, diagnostics.isSoftwareAdapter, compiler);
  try {
    const chosen = await Promise.race([choose(trials), rejectWhenLost(device)]);
    return new GpuBackend(device, { fusion, ...chosen }, compiler);
  } catch (error) {
    device.destroy();
    throw error;
  } finally {
    trials.destroy();
  }
}

/** Has the next load of this workload take the plain kernels at once: why those that trials found fail is `code`. */
export async function rememberPlainKernels(
  options: EngineOptions,
  workload: KernelWorkload,
  code: KernelReasonCode,
): Promise<void> {
  const { device, diagnostics } = await request(options);
  device?.destroy();
  if (device) await rememberFailure({ device, diagnostics }, options, workload, memoryOf(options), code);
}

/**
 * What `createBackend` would compute on, and everything the browser tells about its GPU. `loaded` is what a loaded model
 * computes with.
 */
export async function probeBackend(
  options: EngineOptions,
  loaded: KernelsInUse | null,
): Promise<DeviceDiagnostics & Pick<Diagnostics, 'backend' | 'kernels' | 'kernelChoiceMs'>> {
  const { device, diagnostics } = await request(options);
  device?.destroy();
  const kernelChoiceMs = loaded?.kernelChoiceMs ?? null;
  if (!device || options.backend === 'cpu') {
    const { kernelReports } = loaded ?? new CpuBackend();
    return { ...diagnostics, backend: 'cpu', kernels: [...kernelReports], kernelChoiceMs };
  }
  const expected = () => expectedKernels({ device, diagnostics }, options, memoryOf(options));
  return {
    ...diagnostics,
    backend: 'webgpu',
    kernels: [...(loaded?.kernelReports ?? (await expected()))],
    kernelChoiceMs,
  };
}

function request({ limits = 'max', features = 'all' }: EngineOptions): Promise<DeviceResult> {
  return requestDevice({ limits, features });
}

function memoryOf({ database = DEFAULT_DATABASE }: EngineOptions): KernelMemory {
  return new KernelMemory(database);
}
