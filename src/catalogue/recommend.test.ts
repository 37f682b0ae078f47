import { expect, test } from 'vitest';
import type { DeviceRoom } from './fit';
import { CATALOGUE } from './models';
import { isMisfit, offersFor } from './recommend';

const ROOM: DeviceRoom = {
  mostBufferBytes: 2 ** 31,
  memoryBytes: 8e9,
  isMemoryKnown: true,
  freeBytes: 50e9,
  isSlow: false,
};

const first = (room: Partial<DeviceRoom>) => offersFor(CATALOGUE, { ...ROOM, ...room })[0]!;

test('the best model that fits comes first, in the checkpoint that is to be taken first', () => {
  expect(first({})).toMatchObject({
    model: { id: 'minicpm5-2b' },
    variant: { id: 'minicpm5-2b-q4' },
    isRecommended: true,
  });
  expect(first({ memoryBytes: 1.2e9 }).model.id).toBe('minicpm5-1b');
  expect(first({ memoryBytes: 0.5e9 }).model.id).toBe('minicpm4-0.5b');
  expect(first({ freeBytes: 0.9e9 }).variant.id).toBe('minicpm5-1b-q4');
});

test('the best one that sees comes second, where there is room for one', () => {
  const offers = offersFor(CATALOGUE, ROOM);
  expect(offers[1]).toMatchObject({ model: { id: 'minicpm-v-4' }, isRecommended: true });
  expect(offers.filter(({ isRecommended }) => isRecommended)).toHaveLength(2);
  const phone = offersFor(CATALOGUE, { ...ROOM, memoryBytes: 2e9 });
  expect(phone[1]).toMatchObject({ model: { id: 'minicpm-v-4.6' }, isRecommended: true });
  const small = offersFor(CATALOGUE, { ...ROOM, memoryBytes: 1.2e9 });
  expect(small.filter(({ isRecommended }) => isRecommended)).toHaveLength(1);
});

test('a checkpoint that packs smaller is taken where the first one does not fit', () => {
  expect(first({ memoryBytes: 1.75e9 }).variant.id).toBe('minicpm5-2b-floats');
});

test('no download several times as long is offered for the sake of a longer context', () => {
  const offers = offersFor(CATALOGUE, { ...ROOM, memoryBytes: 2.5e9 });
  const dpo = offers.find(({ model }) => model.id === 'minicpm-2b-dpo')!;
  expect(dpo).toMatchObject({ variant: { id: 'minicpm-2b-dpo-q4' }, verdict: { kind: 'tight' }, isRecommended: false });
});

test('without a GPU only the smallest is recommended', () => {
  expect(first({ isSlow: true }).model.id).toBe('minicpm4-0.5b');
});

test('what does not fit is told of behind everything else', () => {
  const offers = offersFor(CATALOGUE, { ...ROOM, memoryBytes: 1.2e9 });
  const misfits = offers.filter(isMisfit);
  expect(misfits.length).toBeGreaterThan(0);
  expect(offers.slice(-misfits.length)).toEqual(misfits);
});

test('every model is offered once, and none is recommended where none fits', () => {
  const offers = offersFor(CATALOGUE, { ...ROOM, freeBytes: 1e6 });
  expect(offers.map(({ model }) => model.id)).toEqual(CATALOGUE.map(({ id }) => id));
  expect(offers.some(({ isRecommended }) => isRecommended)).toBe(false);
});
