import type { DeviceDiagnostics } from '../gpu/device';
import { chooseKernels, forceKernels, goOnChoosing, plainKernels } from '../ops/chooseKernels';
import { Deadline } from '../ops/deadline';
import { kernelCandidates, requireFeatures, type DeviceOffer, type KernelSetting } from '../ops/kernelCandidates';
import { choiceOf, PLAIN_KERNELS, type KernelChoice } from '../ops/kernelChoice';
import { because } from '../ops/kernelReasons';
import { trialShaders, type KernelTrials } from '../ops/kernelTrials';
import { matrixUnitOf } from '../ops/matrixUnit';
import type { KernelWorkload } from '../ops/kernelWorkload';
import type { EngineOptions } from '../protocol/engine';
import type { KernelReasonCode, KernelReport } from '../protocol/kernels';
import { sha256OfJson } from '../storage/hash';
import type { KernelMemory } from '../storage/kernelMemory';

/** A device that kernels are chosen for. */
export interface KernelDevice {
  device: DeviceOffer & Pick<GPUDevice, 'lost'>;
  diagnostics: Pick<DeviceDiagnostics, 'adapter' | 'isSoftwareAdapter'>;
}

export interface DeviceKernels {
  kernels: KernelChoice;
  kernelReports: KernelReport[];
  /** Milliseconds that the choice took. */
  kernelChoiceMs: number;
}

/** What finding out which kernels are best may add to a load. What there is no time for is left to the next one. */
const CHOOSING_MS = 900;

/**
 * The kernels that a device computes a model with: those asked for, or remembered and still right, or found by trial. What
 * is found in the time of one load is remembered, and the next one goes on from there.
 * Throws UnsupportedError where kernels that were asked for do not run, or none computes right.
 */
export async function deviceKernels(
  on: KernelDevice,
  options: EngineOptions,
  workload: KernelWorkload,
  trials: KernelTrials,
  memory: KernelMemory,
): Promise<DeviceKernels> {
  const started = performance.now();
  const deadline = new Deadline(CHOOSING_MS);
  const setting = settingOf(on, options, workload);
  const candidates = kernelCandidates(setting);
  const ofDevice = { matrixUnit: matrixUnitOf(on.device), isOnProcessor: on.diagnostics.isSoftwareAdapter };
  const { kernels: wanted = 'auto' } = options;
  if (wanted !== 'auto') {
    requireFeatures(wanted, setting);
    const kernelReports = await forceKernels(trials, candidates, wanted);
    const kernels = { matvec: wanted, matmul: wanted, ...ofDevice };
    return { kernels, kernelReports, kernelChoiceMs: performance.now() - started };
  }
  const place = await placeOf(on, options, workload, candidates);
  const remembered = await memory.recall(...place);
  const kernelReports =
    (remembered && (await goOnChoosing(trials, remembered, deadline))) ??
    (await chooseKernels(trials, candidates, deadline));
  const remember = (reports: KernelReport[]) => memory.remember(...place, reports);
  await remember(kernelReports);
  void on.device.lost.then(({ reason }) => {
    if (reason !== 'destroyed' && trials.underWay.size > 0) return remember(afterLoss(kernelReports, trials));
  });
  const kernels = { ...choiceOf(kernelReports), ...ofDevice };
  return { kernels, kernelReports, kernelChoiceMs: performance.now() - started };
}

/** What to remember of a device that was lost: it may have been over a trial that went on behind its deadline. */
function afterLoss(reports: readonly KernelReport[], { underWay }: KernelTrials): KernelReport[] {
  return reports.map((report): KernelReport => {
    const isSuspect = report.state === 'available' && underWay.has(report.name);
    return isSuspect ? { ...report, state: 'failed', ...because('device-lost') } : report;
  });
}

/**
 * The plain kernels, where others fail in a way that trials do not show, as `rememberFailure` reports. Throws
 * UnsupportedError where the plain ones do not compute right either.
 */
export async function kernelsAfterFailure(
  { diagnostics }: KernelDevice,
  trials: KernelTrials,
  reports: readonly KernelReport[],
): Promise<Omit<DeviceKernels, 'kernelChoiceMs'>> {
  const kernelReports = await plainKernels(trials, reports);
  return { kernels: { ...PLAIN_KERNELS, isOnProcessor: diagnostics.isSoftwareAdapter }, kernelReports };
}

/**
 * Has the next load take the plain kernels at once, once they pass their test: why the others fail is `code`. Returns what is
 * remembered.
 */
export async function rememberFailure(
  on: KernelDevice,
  options: EngineOptions,
  workload: KernelWorkload,
  memory: KernelMemory,
  code: KernelReasonCode,
): Promise<KernelReport[]> {
  const candidates = kernelCandidates(settingOf(on, options, workload));
  const place = await placeOf(on, options, workload, candidates);
  const reports = candidates.map((report): KernelReport => {
    if (report.state === 'refused') return report;
    return report.variant === 'f32' ? { ...report, state: 'active' } : { ...report, state: 'failed', ...because(code) };
  });
  await memory.remember(...place, reports);
  return reports;
}

/** What can be said before a model is loaded: what an earlier load found out, else what the device has the features for. */
export async function expectedKernels(
  on: KernelDevice,
  options: EngineOptions,
  memory: KernelMemory,
): Promise<KernelReport[]> {
  const { kernels: wanted = 'auto' } = options;
  const remembered = wanted === 'auto' ? await memory.recallAny(await deviceId(on, options)) : null;
  if (remembered) return remembered;
  // What float checkpoints are imported as.
  const candidates = kernelCandidates(settingOf(on, options, { formats: ['int4'] }));
  return candidates.map((report) => (report.state === 'available' ? { ...report, ...because('untried') } : report));
}

function settingOf(
  { device, diagnostics }: KernelDevice,
  { features = 'all', kernels: wanted = 'auto' }: EngineOptions,
  workload: KernelSetting['workload'],
): KernelSetting {
  return { device, isSoftwareAdapter: diagnostics.isSoftwareAdapter, features, wanted, workload };
}

function deviceId({ device, diagnostics }: KernelDevice, { features = 'all' }: EngineOptions): Promise<string> {
  return sha256OfJson([diagnostics.adapter, [...device.features].sort(), features]);
}

/** The device and the case that findings are remembered for. */
async function placeOf(
  on: KernelDevice,
  options: EngineOptions,
  workload: KernelWorkload,
  candidates: readonly KernelReport[],
): Promise<[device: string, forCase: string]> {
  const shaders = trialShaders(candidates, workload.formats, matrixUnitOf(on.device));
  return [await deviceId(on, options), await sha256OfJson([workload, shaders])];
}
