import { afterEach, expect, test, vi } from 'vitest';
import { GpuBackend } from '../ops/gpuBackend';
import { deviceWithRoom } from '../testing/deviceWithRoom';
import { measureCopy } from './deviceRates';

const MIB = 1024 * 1024;

afterEach(() => void vi.unstubAllGlobals());

test('where there is no room for the copy, the backend stays usable, and no memory is kept', async () => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, COPY_DST: 8, COPY_SRC: 4 });
  const backend = new GpuBackend(deviceWithRoom(200 * MIB).device);
  await expect(measureCopy(backend)).rejects.toMatchObject({ name: 'OutOfMemoryError' });
  await backend.flush();
  expect(backend.counters.heldBytes).toBe(0);
});
