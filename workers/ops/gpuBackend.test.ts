import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GpuBackend } from './gpuBackend';

beforeEach(() => vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, COPY_DST: 8, COPY_SRC: 4 }));
afterEach(() => vi.unstubAllGlobals());

/** A device with room for `room` bytes, which reports what does not fit as WebGPU does: later, to the error scope. */
function deviceWithRoom(room: number) {
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  const lost = new Promise((resolve) => (lose = resolve));
  let used = 0;
  let error: Error | null = null;
  const device = {
    limits: { maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e9 },
    lost,
    queue: { onSubmittedWorkDone: () => Promise.resolve() },
    addEventListener: () => undefined,
    pushErrorScope: () => (error = null),
    popErrorScope: () => Promise.resolve(error),
    createBuffer: ({ size }: { size: number }) => {
      used += size;
      if (used > room) error = new Error('no memory');
      return { destroy: () => (used -= size) };
    },
  };
  return { device: device as unknown as GPUDevice, lose };
}

test('memory that the device does not have is told to who asked for it, and only there', async () => {
  const { device } = deviceWithRoom(1024);
  const backend = new GpuBackend(device);
  const kept = backend.createBuffer('kept', 512);
  const make = () => [backend.createBuffer('small', 128), backend.createBuffer('large', 1024)];
  const free = vi.fn((buffers: ReturnType<typeof make>) => buffers.forEach((buffer) => buffer.destroy()));
  await expect(backend.allocate(make, free)).rejects.toMatchObject({
    name: 'OutOfMemoryError',
    message: 'The GPU has no 1024 bytes left for large.',
  });
  expect(free).toHaveBeenCalledOnce();
  expect(backend.counters.heldBytes).toBe(kept.byteLength);
  await backend.flush();
  expect(await backend.allocate(() => [backend.createBuffer('fits', 512)], free)).toHaveLength(1);
});

test('memory that nobody waits for is missed by every later flush', async () => {
  const backend = new GpuBackend(deviceWithRoom(1024).device);
  backend.createBuffer('weights', 2048);
  await expect(backend.flush()).rejects.toMatchObject({ name: 'OutOfMemoryError' });
  await expect(backend.flush()).rejects.toMatchObject({ name: 'OutOfMemoryError' });
});

test('the loss of the device ends a flush under way and every later one', async () => {
  const { device, lose } = deviceWithRoom(1024);
  device.queue.onSubmittedWorkDone = () => new Promise(() => undefined);
  const backend = new GpuBackend(device);
  const flushing = expect(backend.flush()).rejects.toMatchObject({ name: 'DeviceLostError' });
  lose({ reason: 'unknown', message: 'unplugged' });
  await flushing;
  await expect(backend.flush()).rejects.toMatchObject({ name: 'DeviceLostError' });
});
