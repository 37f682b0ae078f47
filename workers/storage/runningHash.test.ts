import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random } from '../testing/random';
import type { RunningHash } from './runningHash';
import { appendToHash, emptyHash, finishedHash } from './runningHash';

const wanted = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('every length around the block boundaries is hashed as by node', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = new Random(length + 1).bytes(length);
    expect(finishedHash(appendToHash(emptyHash(), bytes)), `${length} bytes`).toBe(wanted(bytes));
  }
});

test('pieces give the hash of the whole, even after a pause in a database', () => {
  const bytes = new Random(5).bytes(100_003);
  const random = new Random(6);
  let hash: RunningHash = emptyHash();
  for (let position = 0; position < bytes.length;) {
    const length = 1 + (random.bytes(1)[0]! % 130);
    hash = structuredClone(appendToHash(hash, bytes.subarray(position, position + length)));
    position += length;
  }
  expect(hash.length).toBe(bytes.length);
  expect(finishedHash(hash)).toBe(wanted(bytes));
});

test('a running hash is not changed by what is appended to it', () => {
  const hash = appendToHash(emptyHash(), new Random(7).bytes(70));
  appendToHash(hash, new Random(8).bytes(70));
  expect(finishedHash(hash)).toBe(wanted(new Random(7).bytes(70)));
});
