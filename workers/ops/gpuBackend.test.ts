import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { matrixLayout } from '../quant/layout';
import { deviceWithRoom } from '../testing/deviceWithRoom';
import { GpuBackend } from './gpuBackend';
import { Ops } from './graph';

beforeEach(() => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, UNIFORM: 64, COPY_DST: 8, COPY_SRC: 4, MAP_READ: 1 });
  vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 });
  vi.stubGlobal('GPUOutOfMemoryError', RangeError);
});
afterEach(() => vi.unstubAllGlobals());

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

/** A graph of few operations; rows of 64 floats that go from one to the next are scratch. */
function smallGraph(backend: GpuBackend, capacity: number) {
  const buffer = backend.createBuffer('table', matrixLayout('f32', 32, 64).bytes);
  const ops = new Ops(capacity);
  const x = ops.embedding({ format: 'f32', rows: 32, columns: 64, shards: [{ rowStart: 0, rows: 32, buffer }] }, 1);
  return ops.graph(ops.add(x, x, 1));
}

test('a program that is refused memory shares none of it with another that is compiled meanwhile', async () => {
  const backend = new GpuBackend(deviceWithRoom(800_000).device);
  // There is room for the output of the large one, but not for its scratch.
  const [large, small] = [smallGraph(backend, 2048), smallGraph(backend, 32)];
  await backend.flush();
  const idle = backend.counters.heldBytes;
  const [refused, compiled] = await Promise.allSettled([backend.compile(large), backend.compile(small)]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { name: 'OutOfMemoryError' } });
  expect(compiled.status).toBe('fulfilled');
  await backend.flush();
  if (compiled.status === 'fulfilled') compiled.value.destroy();
  expect(backend.counters.heldBytes).toBe(idle);
});

test('a program whose output stays on the device takes no memory to read it', async () => {
  const backend = new GpuBackend(deviceWithRoom(1e6).device);
  const graph = smallGraph(backend, 32);
  const idle = backend.counters.heldBytes;
  const program = await backend.compile(graph);
  // The step, token ids, and two tensors of 32 rows of 64 floats: scratch and output.
  expect(backend.counters.heldBytes - idle).toBe(128 + 128 + 2 * 8192);
  program.destroy();
  expect(backend.counters.heldBytes).toBe(idle);
});

test('a program whose output there is no room to read says so, and the backend lives on', async () => {
  const backend = new GpuBackend(deviceWithRoom(30_000).device);
  const program = await backend.compile(smallGraph(backend, 32));
  for (let tries = 0; tries < 2; tries++) {
    await expect(program.run({ tokenIds: [1], position: 0 }, 1)).rejects.toMatchObject({ name: 'OutOfMemoryError' });
  }
  await backend.flush();
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
