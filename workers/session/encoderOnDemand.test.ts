import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import { engineError } from '../errors';
import type { Backend } from '../ops/backend';
import { CpuBackend } from '../ops/cpuBackend';
import type { EngineOptions } from '../protocol/engine';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyVisionFolder } from '../testing/tinyVisionCheckpoint';
import { EncoderOnDemand, type EyesSource } from './encoderOnDemand';
import { encoderSizes } from './eyes';
import { loadModel } from './loadModel';
import type { Session } from './session';

async function load(eyes: 'keep' | 'release', options: EngineOptions = { backend: 'cpu' }) {
  const database = newDatabase();
  const { id } = await importModel(tinyVisionFolder(), { database, quantization: 'int8' });
  const { signal } = new AbortController();
  const store = new WeightStore(database);
  return loadModel(store, options, id, { contextLength: 64, eyes }, () => undefined, signal);
}

const held = (session: Session) => session.stats().gpuBytes;
const TOKENS = Array.from({ length: 30 }, (_, i) => 3 + ((i * 37) % 200));

/** Logits of a prompt that shows a picture; another key is the same picture as a new one. */
async function see(session: Session, key: string) {
  const values = new Random(5).rows(36, 48, session.encoder!.patchWidth);
  const tiles = [{ key, start: 4, patches: () => ({ rows: 6, columns: 6, values }) }];
  return (await session.forward({ tokenIds: TOKENS, tiles }, 'last')).logits;
}

test('programs for pictures are made with the first picture', async () => {
  const session = await load('keep');
  const before = held(session);
  await session.forward({ tokenIds: TOKENS }, 'last');
  expect(held(session)).toBe(before);
  await see(session, 'first');
  const seeing = held(session);
  expect(seeing).toBeGreaterThan(before);
  await see(session, 'second');
  expect(held(session)).toBe(seeing);
  await session.dispose();
});

test('weights of eyes that are released come with a picture, go again, and give equal features when they return', async () => {
  const kept = await load('keep');
  const session = await load('release');
  const blind = held(session);
  expect(blind).toBeLessThan(held(kept));
  const logits = await see(session, 'first');
  expect(logits).toEqual(await see(kept, 'first'));
  expect(held(session)).toBe(held(kept));

  session.encoder!.release();
  expect(held(session)).toBe(blind);
  // Text, and pictures whose features are there, do without.
  await see(session, 'first');
  expect(held(session)).toBe(blind);
  expect(await see(session, 'the same as a new one')).toEqual(logits);
  expect(session.stats()).toMatchObject({ tilesEncoded: 2, tilesReused: 1 });
  expect(held(session)).toBe(held(kept));
  await Promise.all([session.dispose(), kept.dispose()]);
});

test('what waking takes does not count as looking', async () => {
  const session = await load('release');
  const { eyes } = (session as unknown as { parts: { eyes: EyesSource } }).parts;
  const { open } = eyes;
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  eyes.open = async (...given) => {
    now += 60_000;
    return open(...given);
  };
  const look = EncoderOnDemand.prototype.encode;
  vi.spyOn(EncoderOnDemand.prototype, 'encode').mockImplementation(async function (this: EncoderOnDemand, ...given) {
    await look.apply(this, given);
    now += 2000;
  });
  await see(session, 'first');
  await see(session, 'second');
  vi.restoreAllMocks();
  expect(session.stats()).toMatchObject({ tilesEncoded: 2, encodeSeconds: 4 });
  await session.dispose();
});

/** Has the driver refuse every program but plain ones, from now on. */
function refuseChosenKernels() {
  const prototype: Backend = CpuBackend.prototype;
  const { compile } = prototype;
  return vi.spyOn(prototype, 'compile').mockImplementation(function (this: Backend, graph, isPlain) {
    if (isPlain) return compile.call(this, graph);
    return Promise.reject(engineError('UnsupportedError', 'too many bytes of workgroup memory'));
  });
}

test('a kernel that the driver refuses in the sizes of the eyes alone is compiled as a plain one', async () => {
  const session = await load('release');
  const refusing = refuseChosenKernels();
  const logits = await see(session, 'first');
  const asked = refusing.mock.calls.map(([, isPlain]) => isPlain);
  expect([asked.filter(Boolean).length, asked.length]).toEqual([2, 4]);
  refusing.mockRestore();
  session.encoder!.release();
  expect(await see(session, 'second')).toEqual(logits);
  await session.dispose();
});

test('where kernels were asked for by name, eyes whose kernels the driver refuses are refused', async () => {
  const session = await load('keep', { backend: 'cpu', kernels: 'f16' });
  const refusing = refuseChosenKernels();
  await expect(see(session, 'first')).rejects.toMatchObject({ name: 'UnsupportedError' });
  refusing.mockRestore();
  await see(session, 'first');
  await session.dispose();
});

test('a stop is heard while weights come, and leaves nothing behind', async () => {
  const session = await load('release');
  const blind = held(session);
  const stop = new AbortController();
  const values = new Random(5).rows(36, 48, session.encoder!.patchWidth);
  const patches = () => {
    stop.abort();
    return { rows: 6, columns: 6, values };
  };
  const input = { tokenIds: TOKENS, tiles: [{ key: 'stopped', start: 4, patches }] };
  const { finishReason } = await session.generate(input, {}, () => undefined, stop.signal);
  expect(finishReason).toBe('aborted');
  expect(held(session)).toBe(blind);
  await session.dispose();
});

test('released eyes go by themselves when no picture has come for a while, kept ones stay', async () => {
  const session = await load('keep');
  const { backend, eyes } = (session as unknown as { parts: { backend: Backend; eyes: EyesSource } }).parts;
  const target = backend.createBuffer('features', encoderSizes(eyes.config, eyes.width).bytesPerTile);
  const blind = held(session);
  const values = new Random(5).rows(36, 48, session.encoder!.patchWidth);
  for (const isReleased of [true, false]) {
    const encoder = new EncoderOnDemand(backend, { ...eyes, isReleased }, 30);
    await encoder.encode({ rows: 6, columns: 6, values }, target, 0, () => undefined);
    expect(held(session)).toBeGreaterThan(blind);
    await new Promise((resolve) => setTimeout(resolve, 60));
    if (isReleased) expect(held(session)).toBe(blind);
    else expect(held(session)).toBeGreaterThan(blind);
    encoder.release();
  }
  await session.dispose();
});
