import { expect, test } from 'vitest';
import { BackendScope } from '../ops/backendScope';
import { GpuBackend } from '../ops/gpuBackend';
import { WeightStore } from '../storage/weightStore';
import { gpuTest } from '../testing/gpu';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyVisionFolder } from '../testing/tinyVisionCheckpoint';
import { loadModel } from './loadModel';

test('on a GPU, released eyes leave no buffer behind and see the same when they return', async () => {
  const database = newDatabase();
  const { id } = await importModel(tinyVisionFolder(), { database });
  const { signal } = new AbortController();
  const request = { contextLength: 64, eyes: 'release' } as const;
  const store = new WeightStore(database);
  const session = await loadModel(store, { backend: 'webgpu', kernels: 'f32' }, id, request, () => undefined, signal);
  const values = new Random(5).rows(36, 48, session.encoder!.patchWidth);
  const see = async (key: string) => {
    const tiles = [{ key, start: 4, patches: () => ({ rows: 6, columns: 6, values }) }];
    const tokenIds = Array.from({ length: 30 }, (_, i) => 3 + ((i * 37) % 200));
    return (await session.forward({ tokenIds, tiles }, 'last')).logits;
  };
  const blind = session.stats().gpuBytes;
  const logits = await see('first');
  const seeing = session.stats().gpuBytes;
  expect(seeing).toBeGreaterThan(blind);
  session.encoder!.release();
  expect(session.stats().gpuBytes).toBe(blind);
  expect(await see('second')).toEqual(logits);
  expect(session.stats().gpuBytes).toBe(seeing);
  await session.dispose();
}, 300_000);

gpuTest('a scope that is refused a buffer gives back the others, and the backend goes on', async ({ device }) => {
  const backend = new GpuBackend(device);
  const outside = backend.createBuffer('outside', 256);
  const scope = new BackendScope(backend);
  scope.createBuffer('inside', 4096);
  expect(() => scope.createBuffer('too large', 2 * backend.mostBufferBytes)).toThrow('per buffer');
  await scope.flush();
  scope.destroy();
  await backend.flush();
  expect(backend.counters.heldBytes).toBe(outside.byteLength);
});
