import { describe, expect, test } from 'vitest';
import { prefillCapacity, PrefillChunks } from './prefillChunks';

describe('rows of a chunk', () => {
  test('the first chunk is small, whatever the device', () => {
    expect(new PrefillChunks(512).rows).toBe(64);
    expect(new PrefillChunks(7).rows).toBe(7);
  });

  test.each([
    [5, 512],
    [12, 512],
    [13, 256],
    [30, 128],
    [51, 64],
    [4000, 64],
    [0, 512],
  ])('64 rows in %d ms: %d rows take no longer than 100 ms', (ms, rows) => {
    const chunks = new PrefillChunks(512);
    chunks.took(ms, 64);
    expect(chunks.rows).toBe(rows);
    expect(chunks.isSmallest).toBe(rows === 64);
  });

  test('the only size is not the smallest: no device gets larger chunks', () => {
    expect(new PrefillChunks(512).isSmallest).toBe(true);
    expect(new PrefillChunks(64).isSmallest).toBe(false);
    expect(new PrefillChunks(7).isSmallest).toBe(false);
  });

  test('a device that slows down gets smaller chunks, and larger ones again', () => {
    const chunks = new PrefillChunks(512);
    chunks.took(8, 64);
    chunks.took(400, 512);
    expect(chunks.rows).toBe(128);
    chunks.took(20, 128);
    expect(chunks.rows).toBe(512);
  });

  test.each([1, 63])('a quick chunk of %d rows tells nothing about larger ones, a slow one does', (rows) => {
    const chunks = new PrefillChunks(512);
    chunks.took(8, 64);
    chunks.took(8, rows);
    expect(chunks.rows).toBe(512);
    chunks.took(400, 512);
    chunks.took(0.1, rows);
    expect(chunks.rows).toBe(128);
    chunks.took(800, rows);
    expect(chunks.rows).toBe(64);
  });

  test('never more than the program has room for, which may be between two sizes', () => {
    const chunks = new PrefillChunks(100);
    chunks.took(1, 64);
    expect(chunks.rows).toBe(100);
    chunks.took(110, 100);
    expect(chunks.rows).toBe(64);
  });
});

describe('operations of a submission', () => {
  test('a few rows get no more of them than the smallest chunk, a larger chunk gets all', () => {
    const chunks = new PrefillChunks(512);
    expect(chunks.operations(64)).toBeLessThan(30);
    expect(chunks.operations(3)).toBe(chunks.operations(64));
    expect(chunks.operations(65)).toBe(Infinity);
  });

  test('a larger chunk that took too long tells how many a smaller one has', () => {
    const chunks = new PrefillChunks(512);
    for (let i = 0; i < 10; i++) chunks.submissionTook(1, chunks.operations(64), 64);
    chunks.submissionTook(4000, 640, 512);
    expect(chunks.operations(64)).toBe(128);
  });

  test('quick submissions of a few rows do not make one of many rows long', () => {
    const chunks = new PrefillChunks(512);
    // Each row takes 0.1 ms per operation.
    for (let i = 0; i < 10; i++) {
      const operations = chunks.operations(2);
      chunks.submissionTook(operations * 2 * 0.1, operations, 2);
    }
    expect(chunks.operations(64) * 64 * 0.1).toBeLessThanOrEqual(128);
  });

  test.each([1, 5, 17, 31])('on a fast device, %d rows soon take one submission', (rows) => {
    const chunks = new PrefillChunks(512);
    for (let i = 0; i < 6; i++) chunks.submissionTook(1, chunks.operations(rows), rows);
    expect(chunks.operations(rows)).toBeGreaterThan(645);
    expect(chunks.operations(64)).toBe(20);
  });

  test('where an operation takes as long whatever the rows, a few rows do not get fewer operations than fit', () => {
    const chunks = new PrefillChunks(512);
    for (let i = 0; i < 4; i++) chunks.submissionTook(chunks.operations(5) * 10, chunks.operations(5), 5);
    expect(chunks.operations(5)).toBe(10);
    expect(chunks.operations(64)).toBe(10);
  });

  test.each([
    [1, 2],
    [5, 8],
    [33, 63],
  ])('where each row takes its time, what %d rows have shown makes %d take twice as long at most', (few, more) => {
    const chunks = new PrefillChunks(512);
    const perRow = 0.01;
    for (let i = 0; i < 20; i++) {
      const operations = chunks.operations(few);
      chunks.submissionTook(operations * few * perRow, operations, few);
    }
    expect(chunks.operations(few) * few * perRow).toBeGreaterThan(95);
    expect(chunks.operations(more) * more * perRow).toBeLessThanOrEqual(200);
  });

  test('a few rows get the operations that many were quick with, until they are slow themselves', () => {
    const chunks = new PrefillChunks(512);
    for (let i = 0; i < 6; i++) chunks.submissionTook(1, chunks.operations(64), 64);
    const learned = chunks.operations(64);
    expect(chunks.operations(5)).toBe(learned);
    chunks.submissionTook(1000, learned, 5);
    expect(chunks.operations(5)).toBe(learned / 10);
    expect(chunks.operations(64)).toBe(learned / 10);
  });
});

test('the capacity keeps activations below 64 MiB', () => {
  expect(prefillCapacity(106_000, 4096)).toBe(512);
  expect(prefillCapacity(237_000, 4096)).toBe(256);
  expect(prefillCapacity(1e9, 4096)).toBe(64);
  expect(prefillCapacity(106_000, 200)).toBe(200);
});
