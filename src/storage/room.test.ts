import { expect, test } from 'vitest';
import { Room } from './room.svelte';

test('what the browser says is shown, and what it does not say is not made up', async () => {
  const storage = {
    estimate: async () => ({ usage: 30, quota: 100 }),
    persisted: async () => true,
  } as unknown as StorageManager;
  const room = new Room(storage);
  expect(room.freeBytes).toBeNull();
  await room.refresh();
  expect(room).toMatchObject({ usedBytes: 30, quotaBytes: 100, freeBytes: 70, isPersistent: true });
  const silent = new Room({} as StorageManager);
  await silent.refresh();
  expect(silent).toMatchObject({ usedBytes: null, quotaBytes: null, freeBytes: null, isPersistent: null });
});

test('less than nothing is not free', async () => {
  const room = new Room({ estimate: async () => ({ usage: 130, quota: 100 }) } as StorageManager);
  await room.refresh();
  expect(room.freeBytes).toBe(0);
});
