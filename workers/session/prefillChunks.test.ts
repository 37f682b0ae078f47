import { expect, test } from 'vitest';
import { prefillCapacity, PrefillChunks } from './prefillChunks';

test('the first chunk is small, whatever the device', () => {
  expect(new PrefillChunks(512).rows).toBe(32);
  expect(new PrefillChunks(7).rows).toBe(7);
});

test.each([
  [5, 512],
  [9, 512],
  [10, 256],
  [30, 128],
  [75, 64],
  [76, 32],
  [4000, 32],
  [0, 512],
])('32 rows in %d ms: %d rows stay below 150 ms', (ms, rows) => {
  const chunks = new PrefillChunks(512);
  chunks.took(ms, 32);
  expect(chunks.rows).toBe(rows);
});

test('a device that slows down gets smaller chunks, and larger ones again', () => {
  const chunks = new PrefillChunks(512);
  chunks.took(8, 32);
  chunks.took(700, 512);
  expect(chunks.rows).toBe(64);
  chunks.took(12, 64);
  expect(chunks.rows).toBe(512);
});

test('never more than the program has room for, which may be between two sizes', () => {
  const chunks = new PrefillChunks(100);
  chunks.took(1, 32);
  expect(chunks.rows).toBe(100);
  chunks.took(160, 100);
  expect(chunks.rows).toBe(64);
});

test('the capacity keeps activations below 64 MiB', () => {
  expect(prefillCapacity(106_000, 4096)).toBe(512);
  expect(prefillCapacity(237_000, 4096)).toBe(256);
  expect(prefillCapacity(1e9, 4096)).toBe(32);
  expect(prefillCapacity(106_000, 200)).toBe(200);
});
