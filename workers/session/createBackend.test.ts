import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineError } from '../errors';
import { requestDevice, type DeviceDiagnostics } from '../gpu/device';
import { PLAIN_KERNELS } from '../ops/kernelChoice';
import type { KernelWorkload } from '../ops/kernelWorkload';
import type { EngineOptions } from '../protocol/engine';
import { createBackend } from './createBackend';
import { deviceKernels, kernelsAfterFailure, rememberFailure } from './deviceKernels';

vi.mock('../gpu/device', async (original) => ({ ...(await original<object>()), requestDevice: vi.fn() }));
vi.mock('./deviceKernels', () => ({ deviceKernels: vi.fn(), kernelsAfterFailure: vi.fn(), rememberFailure: vi.fn() }));

const workload: KernelWorkload = { format: 'int4', rows: 64, columns: 64, formats: ['int4'], layerBytes: 0 };
const lost = engineError('DeviceLostError', 'lost');

/** A device of which nothing is asked but to be destroyed. */
function fakeDevice(isSoftwareAdapter: boolean) {
  const device = {
    lost: new Promise(() => undefined),
    addEventListener: () => undefined,
    destroy: vi.fn(),
  } as unknown as GPUDevice;
  return { device, diagnostics: { isSoftwareAdapter } as DeviceDiagnostics };
}

/** The devices that the browser gives one after the other. */
let first: ReturnType<typeof fakeDevice>;
let second: ReturnType<typeof fakeDevice>;

beforeEach(() => {
  [first, second] = [fakeDevice(false), fakeDevice(true)];
  vi.mocked(requestDevice).mockResolvedValueOnce(first).mockResolvedValueOnce(second);
});
afterEach(() => void vi.resetAllMocks());

test('a device that is lost while kernels are chosen is replaced once, with plain kernels, and that is remembered', async () => {
  const reports = [{ name: 'matvec f16', state: 'failed' as const }];
  const order: string[] = [];
  vi.mocked(deviceKernels).mockRejectedValueOnce(lost);
  vi.mocked(rememberFailure).mockImplementationOnce(async (on) => {
    order.push(`remembered, ${vi.mocked(requestDevice).mock.calls.length} asked for`);
    expect(on).toEqual(first);
    return reports;
  });
  vi.mocked(kernelsAfterFailure).mockResolvedValueOnce({ kernels: PLAIN_KERNELS, kernelReports: reports });
  const backend = await createBackend({}, workload);
  expect(order).toEqual(['remembered, 1 asked for']);
  expect(kernelsAfterFailure).toHaveBeenCalledExactlyOnceWith(second, expect.anything(), reports);
  expect(backend).toMatchObject({ device: second.device, kernelReports: reports });
  expect(first.device.destroy).toHaveBeenCalledOnce();
  expect(second.device.destroy).not.toHaveBeenCalled();
});

test('where the second device is lost as well, that is the error, and nothing is left behind', async () => {
  vi.mocked(deviceKernels).mockRejectedValueOnce(lost);
  const again = engineError('DeviceLostError', 'lost again');
  vi.mocked(kernelsAfterFailure).mockRejectedValueOnce(again);
  await expect(createBackend({}, workload)).rejects.toBe(again);
  for (const { device } of [first, second]) expect(device.destroy).toHaveBeenCalledOnce();
});

test.each<[string, EngineOptions, Error]>([
  ['lost over kernels that were asked for', { kernels: 'f16' }, lost],
  ['that computes wrong', {}, engineError('UnsupportedError', 'wrong')],
])('a device %s is not replaced', async (_, options, error) => {
  vi.mocked(deviceKernels).mockRejectedValueOnce(error);
  await expect(createBackend(options, workload)).rejects.toBe(error);
  expect(requestDevice).toHaveBeenCalledOnce();
  expect(rememberFailure).not.toHaveBeenCalled();
  expect(first.device.destroy).toHaveBeenCalledOnce();
});

const NO_DEVICE = { device: null, reason: 'no adapter', diagnostics: {} as DeviceDiagnostics } as const;

test.each<[EngineOptions]>([[{ backend: 'webgpu' }], [{ kernels: 'f16' }]])(
  'without a device, %j is refused',
  async (options) => {
    vi.mocked(requestDevice).mockReset().mockResolvedValueOnce(NO_DEVICE);
    const unsupported = { name: 'UnsupportedError', message: 'no adapter' };
    await expect(createBackend(options, workload)).rejects.toMatchObject(unsupported);
  },
);

test.each<[EngineOptions]>([[{}], [{ kernels: 'f32' }]])(
  'without a device, %j is computed on the CPU',
  async (options) => {
    vi.mocked(requestDevice).mockReset().mockResolvedValueOnce(NO_DEVICE);
    expect((await createBackend(options, workload)).kind).toBe('cpu');
  },
);
