import 'fake-indexeddb/auto';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { engineError, type EngineErrorName } from '../errors';
import type { Backend } from '../ops/backend';
import { CpuBackend } from '../ops/cpuBackend';
import type { EngineOptions } from '../protocol/engine';
import type { KernelReport } from '../protocol/kernels';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { tinyFolder } from '../testing/tinyCheckpoint';
import { createBackend, rememberPlainKernels } from './createBackend';
import { loadModel } from './loadModel';

vi.mock('./createBackend', () => ({ createBackend: vi.fn(), rememberPlainKernels: vi.fn(() => Promise.resolve()) }));

const PLAIN: KernelReport = { name: 'matvec f32', products: 'matvec', variant: 'f32', state: 'active' };
const LATE: KernelReport = {
  name: 'matvec f16',
  products: 'matvec',
  variant: 'f16',
  state: 'available',
  lateTrials: 1,
};
const IN_USE: KernelReport = { name: 'matmul f16', products: 'matmul', variant: 'f16', state: 'active' };

const database = newDatabase();
let id: string;

beforeAll(async () => {
  ({ id } = await importModel(tinyFolder(), { database, quantization: 'f32' }));
});
afterEach(() => void vi.resetAllMocks());

/** Loads a model where the first backend, with these reports, fails while its programs compile. */
function load(failure: EngineErrorName, kernelReports: KernelReport[], options: EngineOptions = {}) {
  return loadOn({ kernelReports, compile: () => Promise.reject(engineError(failure, 'failed')) }, options);
}

function loadOn(faults: Partial<Backend>, options: EngineOptions = {}) {
  const failing = Object.assign(new CpuBackend(), faults);
  vi.mocked(createBackend).mockResolvedValueOnce(failing).mockResolvedValueOnce(new CpuBackend());
  const { signal } = new AbortController();
  return loadModel(new WeightStore(database), options, id, {}, () => undefined, signal);
}

test.each([
  ['a device that is lost while the trial of a kernel goes on', 'DeviceLostError', LATE, 'device-lost'],
  ['a device that is lost over kernels in the sizes of the model', 'DeviceLostError', IN_USE, 'device-lost'],
  ['a kernel that is refused in the sizes of the model', 'UnsupportedError', IN_USE, 'too-large'],
] as const)('%s costs one more load, with plain kernels, and is remembered', async (_, failure, report, code) => {
  const session = await load(failure, [PLAIN, report]);
  expect(session.info.id).toBe(id);
  expect(createBackend).toHaveBeenLastCalledWith({ kernels: 'f32' }, expect.anything());
  expect(rememberPlainKernels).toHaveBeenCalledExactlyOnceWith({}, expect.anything(), code);
});

test.each([
  ['a device that is lost with plain kernels and without a trial', 'DeviceLostError', PLAIN, {}],
  ['a refused kernel that is plain already', 'UnsupportedError', LATE, {}],
  ['a lost device where kernels were asked for', 'DeviceLostError', LATE, { kernels: 'f16' }],
] as const)('%s is an error', async (_, failure, report, options) => {
  await expect(load(failure, [PLAIN, report], options)).rejects.toMatchObject({ name: failure });
  expect(createBackend).toHaveBeenCalledTimes(1);
  expect(rememberPlainKernels).not.toHaveBeenCalled();
});

test('a device that is lost when all programs are compiled is an error: it is nothing that kernels have done', async () => {
  const plain = new CpuBackend();
  let noteCompiled: () => void;
  const compiled = new Promise<void>((resolve) => (noteCompiled = resolve));
  const createTokenLoop: Backend['createTokenLoop'] = async (...programs) => {
    const loop = await plain.createTokenLoop(...programs);
    setTimeout(noteCompiled);
    return loop;
  };
  const flush = async () => {
    await compiled;
    throw engineError('DeviceLostError', 'lost');
  };
  const loading = loadOn({ kernelReports: [PLAIN, IN_USE], createTokenLoop, flush });
  await expect(loading).rejects.toMatchObject({ name: 'DeviceLostError' });
  expect(createBackend).toHaveBeenCalledTimes(1);
  expect(rememberPlainKernels).not.toHaveBeenCalled();
});
