import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { areBatchesExact } from '../ops/kernelChoice';
import type { KernelTrials } from '../ops/kernelTrials';
import type { EngineOptions } from '../protocol/engine';
import type { KernelReport } from '../protocol/kernels';
import { KernelMemory } from '../storage/kernelMemory';
import { newDatabase, storedKeys } from '../testing/importing';
import {
  deviceKernels,
  expectedKernels,
  kernelsAfterFailure,
  rememberFailure,
  type KernelDevice,
} from './deviceKernels';

const WORKLOAD = { format: 'int4', rows: 64, columns: 64, formats: ['int4'], layerBytes: 2496 } as const;
const ADAPTER = { vendor: 'v', architecture: 'a', device: '', description: '' };

beforeEach(() => stubBrowser('1'));
afterEach(() => vi.unstubAllGlobals());

function stubBrowser(userAgent: string) {
  vi.stubGlobal('navigator', { userAgent, gpu: { wgslLanguageFeatures: new Set() } });
}

function deviceWith(
  features: GPUFeatureName[],
  vendor = 'v',
  lost: GPUDevice['lost'] = new Promise(() => undefined),
  isSoftwareAdapter = false,
): KernelDevice {
  return {
    device: { features: new Set(features), lost },
    diagnostics: { adapter: { ...ADAPTER, vendor }, isSoftwareAdapter },
  };
}

/** Trials in which f16 is twice as fast, and counted. */
function countedTrials(wrong: string[] = []) {
  const counts = { checks: 0, timings: 0 };
  const underWay = new Set<string>();
  const trials: KernelTrials = {
    underWay,
    formOf: (_, wanted) => wanted,
    check: async (products, variant) => {
      counts.checks++;
      return { wrong: wrong.includes(`${products} ${variant}`) ? 'computes wrong' : null, isBatchExact: true };
    },
    time: async (_, variants) => {
      counts.timings++;
      return new Map(variants.map((variant) => [variant, variant === 'f16' ? 50 : 100]));
    },
  };
  return { counts, trials, underWay };
}

const F16_DEVICE = deviceWith(['shader-f16']);
const workload = { ...WORKLOAD, formats: [...WORKLOAD.formats] };

function choose(memory: KernelMemory, trials: KernelTrials, options: EngineOptions = {}, on = F16_DEVICE) {
  return deviceKernels(on, options, workload, trials, memory);
}

const reportOf = (reports: readonly KernelReport[], wanted: string) => reports.find(({ name }) => name === wanted)!;

test('a second load times nothing and tests only what it uses', async () => {
  const memory = new KernelMemory(newDatabase());
  const first = countedTrials();
  const found = await choose(memory, first.trials);
  expect(found.kernels.matvec).toBe('f16');
  expect(first.counts.timings).toBeGreaterThan(0);
  const second = countedTrials();
  const { kernels, kernelReports } = await choose(memory, second.trials);
  expect({ kernels, kernelReports }).toEqual({ kernels: found.kernels, kernelReports: found.kernelReports });
  expect(second.counts).toEqual({ checks: 2, timings: 0 });
});

test('what there was no time for is measured by the next load', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const memory = new KernelMemory(newDatabase());
    const { trials } = countedTrials();
    // The test of the plain kernels takes all the time there is.
    const { check } = trials;
    trials.check = async (...of) => {
      vi.advanceTimersByTime(1000);
      return check(...of);
    };
    const first = await choose(memory, trials);
    expect(first.kernelChoiceMs).toBeGreaterThanOrEqual(1000);
    expect(first.kernels.matvec).toBe('f32');
    expect(reportOf(first.kernelReports, 'matvec f16')).toMatchObject({
      state: 'available',
      because: { code: 'no-time' },
    });
    const { kernels, kernelChoiceMs } = await choose(memory, countedTrials().trials);
    expect(kernels.matvec).toBe('f16');
    expect(kernelChoiceMs).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('what was remembered and is not right any more is found anew', async () => {
  const memory = new KernelMemory(newDatabase());
  await choose(memory, countedTrials().trials);
  const { kernels, kernelReports } = await choose(memory, countedTrials(['matvec f16']).trials);
  expect(kernels.matvec).toBe('f32');
  expect(reportOf(kernelReports, 'matvec f16').state).toBe('failed');
});

test('another device, browser, set of features or model is measured on its own; an old browser is forgotten', async () => {
  const database = newDatabase();
  const memory = new KernelMemory(database);
  const isMeasured = async (options: EngineOptions = {}, on = F16_DEVICE, rows = 64) => {
    const { counts, trials } = countedTrials();
    await deviceKernels(on, options, { ...workload, rows }, trials, memory);
    return counts.timings > 0;
  };
  expect(await isMeasured()).toBe(true);
  expect(await isMeasured()).toBe(false);
  expect(await isMeasured({}, deviceWith(['shader-f16'], 'w'))).toBe(true);
  expect(await isMeasured({ features: ['shader-f16'] })).toBe(true);
  expect(await isMeasured({}, F16_DEVICE, 96)).toBe(true);
  expect(await isMeasured()).toBe(false);
  expect(await storedKeys(database)).toHaveLength(4);
  stubBrowser('2');
  expect(await isMeasured()).toBe(true);
  expect(await storedKeys(database)).toHaveLength(1);
});

test('a variant that is asked for is used without being measured or remembered', async () => {
  const database = newDatabase();
  const { counts, trials } = countedTrials();
  const { kernels, kernelReports } = await choose(new KernelMemory(database), trials, { kernels: 'f16' });
  expect(kernels).toEqual({ matvec: 'f16', matmul: 'f16', isOnProcessor: false });
  expect(reportOf(kernelReports, 'matvec f16')).toEqual({
    name: 'matvec f16',
    products: 'matvec',
    variant: 'f16',
    state: 'active',
  });
  expect(counts.timings).toBe(0);
  expect(await storedKeys(database)).toEqual([]);
  await expect(choose(new KernelMemory(database), trials, { kernels: 'f16' }, deviceWith([]))).rejects.toMatchObject({
    name: 'UnsupportedError',
  });
});

test('kernels are told that a processor computes, also behind a failure', async () => {
  const onProcessor = deviceWith([], 'v', undefined, true);
  const memory = new KernelMemory(newDatabase());
  const { kernels } = await choose(memory, countedTrials().trials, {}, onProcessor);
  expect(kernels.isOnProcessor).toBe(true);
  const plain = await kernelsAfterFailure(onProcessor, countedTrials().trials, []);
  expect(plain.kernels.isOnProcessor).toBe(true);
});

test('without a database everything is measured, and nothing fails', async () => {
  const { indexedDB: saved } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, 'indexedDB');
    const memory = new KernelMemory('none');
    expect((await choose(memory, countedTrials().trials)).kernels.matvec).toBe('f16');
    expect(await expectedKernels(F16_DEVICE, {}, memory)).not.toHaveLength(0);
  } finally {
    globalThis.indexedDB = saved;
  }
});

test('a failure that trials do not show is remembered: the plain kernels serve', async () => {
  const memory = new KernelMemory(newDatabase());
  await rememberFailure(F16_DEVICE, {}, workload, memory, 'too-large');
  const { counts, trials } = countedTrials();
  const { kernels, kernelReports } = await choose(memory, trials);
  expect(kernels).toEqual({ matvec: 'f32', matmul: 'f32', isOnProcessor: false });
  expect(counts).toEqual({ checks: 2, timings: 0 });
  expect(reportOf(kernelReports, 'matvec f16')).toMatchObject({
    state: 'failed',
    because: { code: 'too-large' },
  });
});

test('behind a lost device, the plain kernels of both classes are tested before they compute', async () => {
  const reports = await rememberFailure(F16_DEVICE, {}, workload, new KernelMemory(newDatabase()), 'device-lost');
  const inexact = countedTrials();
  const { check } = inexact.trials;
  inexact.trials.check = async (...of) => ({ ...(await check(...of)), isBatchExact: false });
  const { kernels, kernelReports } = await kernelsAfterFailure(F16_DEVICE, inexact.trials, reports);
  expect(kernels).toEqual({ matvec: 'f32', matmul: 'f32', isOnProcessor: false });
  expect(inexact.counts).toEqual({ checks: 2, timings: 0 });
  expect(areBatchesExact(kernelReports)).toBe(false);
  for (const wrong of ['matvec f32', 'matmul f32']) {
    const { trials } = countedTrials([wrong]);
    await expect(kernelsAfterFailure(F16_DEVICE, trials, reports)).rejects.toMatchObject({ name: 'UnsupportedError' });
  }
});

/** A load whose time is over while `matvec f16` is tried, and how to lose its device. */
async function loadWithLateTrial(memory: KernelMemory) {
  let lose: (reason: GPUDeviceLostReason) => Promise<void> = () => Promise.resolve();
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    lose = async (reason) => {
      resolve({ reason, message: '' } as GPUDeviceLostInfo);
      await lost;
    };
  });
  const { trials, underWay } = countedTrials();
  const { check } = trials;
  trials.check = (products, variant) => {
    if (`${products} ${variant}` !== 'matvec f16') return check(products, variant);
    underWay.add('matvec f16');
    return new Promise(() => undefined);
  };
  await choose(memory, trials, {}, deviceWith(['shader-f16'], 'v', lost));
  return { lose, underWay };
}

test('a device that is lost behind a load, over a trial that goes on, is remembered: that variant is not tried again', async () => {
  const memory = new KernelMemory(newDatabase());
  const { lose } = await loadWithLateTrial(memory);
  await lose('unknown');
  const next = countedTrials();
  const { kernels, kernelReports } = await choose(memory, next.trials);
  expect(reportOf(kernelReports, 'matvec f16')).toMatchObject({ state: 'failed', because: { code: 'device-lost' } });
  // The others are, and may be used.
  expect(kernels).toMatchObject({ matvec: 'f32', matmul: 'f16' });
});

test.each([
  ['given back', 'destroyed', true],
  ['lost when the trial is over', 'unknown', false],
] as const)('a device that is %s says nothing about a trial', async (_, reason, isUnderWay) => {
  const memory = new KernelMemory(newDatabase());
  const { lose, underWay } = await loadWithLateTrial(memory);
  if (!isUnderWay) underWay.clear();
  await lose(reason);
  const { kernels } = await choose(memory, countedTrials().trials);
  expect(kernels).toMatchObject({ matvec: 'f16', matmul: 'f16' });
});

test('before a load, what is remembered is told, else what is still to be tried', async () => {
  const memory = new KernelMemory(newDatabase());
  const expected = await expectedKernels(F16_DEVICE, {}, memory);
  expect(reportOf(expected, 'matvec f16')).toMatchObject({
    state: 'available',
    reason: expect.stringMatching(/tried/),
  });
  expect(reportOf(expected, 'matvec subgroups')).toMatchObject({ state: 'refused', reason: 'needs subgroups' });
  const { kernelReports } = await choose(memory, countedTrials().trials);
  expect(await expectedKernels(F16_DEVICE, {}, memory)).toEqual(kernelReports);
});
