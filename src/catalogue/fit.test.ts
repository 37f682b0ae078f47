import { expect, test } from 'vitest';
import type { Diagnostics } from '../../workers/protocol/diagnostics';
import type { DeviceRoom } from './fit';
import { contextChoices, deviceRoom, judge, longestContext, memoryNeed } from './fit';
import { CATALOGUE } from './models';

const ROOM: DeviceRoom = {
  mostBufferBytes: 128 * 2 ** 20,
  memoryBytes: 4e9,
  isMemoryKnown: true,
  freeBytes: 20e9,
  isSlow: false,
};

function checkpoint(id: string) {
  const model = CATALOGUE.find(({ variants }) => variants.some((variant) => variant.id === id))!;
  const { storedBytes } = model.variants.find((variant) => variant.id === id)!;
  return { shape: model.shape, maxContext: model.maxContext, storedBytes };
}

const TWO_B = checkpoint('minicpm-2b-dpo-floats');
const EIGHT_B = checkpoint('minicpm4.1-8b-q4');

test('memory is weights, keys and values in the format that the engine chooses, and a little more', () => {
  // 40 layers of 36 heads: int8, 64 bytes and a scale of 4 for each token, as keys and as values.
  expect(memoryNeed(TWO_B, 4096, ROOM.mostBufferBytes)).toBe(TWO_B.storedBytes + 2 * 40 * 36 * 4096 * 68 + 60e6);
  // A short cache stays in halves.
  expect(memoryNeed(TWO_B, 512, ROOM.mostBufferBytes)).toBe(TWO_B.storedBytes + 2 * 40 * 36 * 512 * 128 + 60e6);
  expect(memoryNeed(TWO_B, 4096, 1e6)).toBeNull();
});

test('of layers that keep a state, memory does not grow with the context', () => {
  const hybrid = checkpoint('minicpm-v-4.6-floats');
  const need = (context: number) => memoryNeed(hybrid, context, ROOM.mostBufferBytes)!;
  // 6 of 24 layers have 2 heads of 256 in halves, as keys and as values; the others and their copies take 101 MB.
  expect(need(8192) - need(4096)).toBe(2 * 6 * 2 * 4096 * 512);
  expect(need(4096) - hybrid.storedBytes - 60e6 - 2 * 6 * 2 * 4096 * 512).toBe(
    18 * 5 * 4 * (16 * 128 * 128 + 3 * 6144),
  );
});

test('of latent attention, what all heads share is kept as key and as value', () => {
  const latent = checkpoint('minicpm3-4b-q4');
  // 62 layers of 32 + 256 channels in halves, twice: 71.4 kB a token.
  expect(memoryNeed(latent, 4096, ROOM.mostBufferBytes)).toBe(latent.storedBytes + 2 * 62 * 4096 * 2 * 288 + 60e6);
});

test('a model that leaves memory fits, with as much context as it was made for', () => {
  expect(judge(TWO_B, 4096, ROOM)).toEqual({ kind: 'fits' });
  // More than the model can keep is not asked for.
  expect(judge(TWO_B, 32_768, ROOM)).toEqual({ kind: 'fits' });
});

test('where the cache is what is too large, a shorter context fits', () => {
  const verdict = judge(TWO_B, 4096, { ...ROOM, memoryBytes: 2e9 });
  expect(verdict).toEqual({ kind: 'tight', context: 1792 });
  const need = (context: number) => memoryNeed(TWO_B, context, ROOM.mostBufferBytes)!;
  expect(need(1792)).toBeLessThanOrEqual(2e9);
  expect(need(2048)).toBeGreaterThan(2e9);
});

test('buffers that are too small shorten the context like memory does', () => {
  expect(longestContext(TWO_B, { ...ROOM, mostBufferBytes: 36 * 2048 * 68 })).toBe(2048);
});

test('a model that fits at no context says how much memory it takes', () => {
  const memoryBytes = memoryNeed(EIGHT_B, 512, ROOM.mostBufferBytes)!;
  expect(judge(EIGHT_B, 4096, ROOM)).toEqual({ kind: 'no-memory', memoryBytes, roomBytes: ROOM.memoryBytes });
  // Where the browser does not tell all there is, it may fit; but not in many times as much.
  expect(judge(EIGHT_B, 4096, { ...ROOM, isMemoryKnown: false })).toEqual({ kind: 'unsure', memoryBytes });
  expect(judge(EIGHT_B, 4096, { ...ROOM, isMemoryKnown: false, memoryBytes: 1e9 }).kind).toBe('no-memory');
});

test('storage counts before memory, with what its books take', () => {
  const freeBytes = TWO_B.storedBytes;
  const verdict = judge(TWO_B, 4096, { ...ROOM, memoryBytes: 1e9, freeBytes });
  expect(verdict.kind).toBe('no-storage');
  expect(verdict.kind === 'no-storage' && verdict.missingBytes).toBeCloseTo(0.03 * TWO_B.storedBytes, 0);
  expect(judge(TWO_B, 4096, { ...ROOM, freeBytes: 1.03 * TWO_B.storedBytes }).kind).toBe('fits');
  expect(judge(TWO_B, 4096, { ...ROOM, freeBytes: null }).kind).toBe('fits');
});

test('only contexts that fit can be chosen, and always one', () => {
  expect(contextChoices(TWO_B, ROOM)).toEqual([1024, 2048, 4096]);
  expect(contextChoices(TWO_B, { ...ROOM, memoryBytes: 2e9 })).toEqual([1024, 1792]);
  expect(contextChoices(EIGHT_B, ROOM)).toEqual([512]);
  expect(contextChoices(checkpoint('minicpm5-1b-q4'), ROOM)).toEqual([1024, 2048, 4096, 8192, 16_384, 32_768]);
});

const DIAGNOSTICS: Diagnostics = {
  backend: 'webgpu',
  unavailable: null,
  adapter: null,
  isSoftwareAdapter: false,
  features: [],
  wgslFeatures: [],
  limits: { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 },
  deviceMemoryGiB: 4,
  storage: { usedBytes: 3e9, quotaBytes: 10e9, isPersistent: false },
  kernels: [],
  kernelChoiceMs: null,
};

test('a device has half of its memory for models, and all its storage that is free', () => {
  expect(deviceRoom(DIAGNOSTICS, false)).toEqual({
    mostBufferBytes: 2 ** 27,
    memoryBytes: 2 ** 31,
    isMemoryKnown: true,
    freeBytes: 7e9,
    isSlow: false,
  });
  expect(deviceRoom({ ...DIAGNOSTICS, isSoftwareAdapter: true }, false).isSlow).toBe(true);
  expect(deviceRoom({ ...DIAGNOSTICS, backend: 'cpu', limits: {} }, false)).toMatchObject({
    isSlow: true,
    mostBufferBytes: Infinity,
  });
});

test('what a browser does not tell is guessed low, and said to be a guess', () => {
  const silent = { ...DIAGNOSTICS, deviceMemoryGiB: null, storage: null };
  expect(deviceRoom(silent, true)).toMatchObject({ memoryBytes: 2e9, isMemoryKnown: false, freeBytes: null });
  expect(deviceRoom(silent, false)).toMatchObject({ memoryBytes: 4e9, isMemoryKnown: false });
  expect(deviceRoom({ ...DIAGNOSTICS, deviceMemoryGiB: 8 }, false).isMemoryKnown).toBe(false);
  expect(deviceRoom({ ...DIAGNOSTICS, deviceMemoryGiB: 16 }, false).isMemoryKnown).toBe(true);
  expect(deviceRoom({ ...DIAGNOSTICS, deviceMemoryGiB: 8 }, true).memoryBytes).toBe(2.5e9);
});
