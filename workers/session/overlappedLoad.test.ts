import 'fake-indexeddb/auto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GpuBackend } from '../ops/gpuBackend';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { tinyFolder } from '../testing/tinyCheckpoint';
import { createBackend } from './createBackend';
import { loadModel } from './loadModel';

/** On Dawn's null device, which compiles and does no more: the order of what a load asks of a device. */

vi.mock('./createBackend', () => ({ createBackend: vi.fn() }));

const dawn = await import('webgpu').catch(() => null);

let device: GPUDevice;
/** Referenced while the test runs: Dawn may abort when its objects are collected. */
const alive: unknown[] = [];

beforeAll(async () => {
  if (!dawn) return;
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create(['backend=null']);
  const adapter = await gpu.requestAdapter();
  device = await adapter!.requestDevice();
  alive.push(gpu, adapter);
});

afterAll(() => void vi.restoreAllMocks());

/** A promise, and what resolves it. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

// Where one waits for the end of the other, nothing goes on, until this time is over.
test.skipIf(!dawn)('programs compile while the weights are uploaded', { timeout: 30_000 }, async () => {
  const database = newDatabase();
  const { info, tensors } = await importModel(tinyFolder(), { database });
  const weights = new Set(tensors.map(({ name }) => name));
  const lastChunk = tensors.at(-1)!.shards.at(-1)!.chunks.at(-1)!;
  const [compiling, uploaded] = [gate(), gate()];
  const calls: string[] = [];

  // The last weight cannot be read before a pipeline compiles, nor is any pipeline ready before that weight is written.
  const store = new WeightStore(database);
  const getChunk = store.getChunk.bind(store);
  vi.spyOn(store, 'getChunk').mockImplementation(async (manifest, chunk) => {
    if (chunk.number === lastChunk.number) await compiling.opened;
    return getChunk(manifest, chunk);
  });
  const createPipeline = device.createComputePipelineAsync.bind(device);
  vi.spyOn(device, 'createComputePipelineAsync').mockImplementation(async (descriptor) => {
    calls.push('compile');
    compiling.open();
    const pipeline = await createPipeline(descriptor);
    await uploaded.opened;
    calls.push('compiled');
    return pipeline;
  });
  const writeBuffer = device.queue.writeBuffer.bind(device.queue);
  vi.spyOn(device.queue, 'writeBuffer').mockImplementation((buffer, ...data) => {
    writeBuffer(buffer, ...data);
    if (!weights.has(buffer.label)) return;
    calls.push('write');
    if (calls.filter((call) => call === 'write').length === weights.size) uploaded.open();
  });

  vi.mocked(createBackend).mockResolvedValue(new GpuBackend(device));
  const { signal } = new AbortController();
  const session = await loadModel(store, {}, info.id, {}, () => undefined, signal);
  expect(calls.indexOf('compile')).toBeLessThan(calls.lastIndexOf('write'));
  expect(calls.lastIndexOf('write')).toBeLessThan(calls.indexOf('compiled'));
  await session.dispose();
});
