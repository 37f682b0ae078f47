import { expect, test } from 'vitest';
import type { Backend } from '../ops/backend';
import type { LayerMemory } from '../ops/graph';
import { CachedTokens } from './cachedTokens';
import { StateSnapshots } from './stateSnapshots';

const tokenIds = Array.from({ length: 100 }, (_, i) => i);

test('what a prompt shares with the cache stays, but for its last token', () => {
  const cached = new CachedTokens(null);
  cached.push(...tokenIds);
  expect(cached.keepPrefixOf([...tokenIds.slice(0, 60), 7])).toBe(60);
  expect(cached.keepPrefixOf(tokenIds.slice(0, 50))).toBe(49);
  expect(cached.length).toBe(49);
  cached.clear();
  expect(cached.keepPrefixOf(tokenIds)).toBe(0);
});

test('with recurrent states, only what comes before a copy of them stays', () => {
  const cached = new CachedTokens(states());
  expect(cached.mostRows(100)).toBe(84);
  cached.promptBegun(84);
  cached.promptSubmitted(16);
  cached.push(...tokenIds.slice(0, 84));
  expect(cached.mostRows(16)).toBe(Infinity);
  cached.promptBegun(16);
  cached.push(...tokenIds.slice(84));
  expect(cached.keepPrefixOf([...tokenIds.slice(0, 90), 7])).toBe(84);
  expect(cached.keepPrefixOf([...tokenIds.slice(0, 80), 7])).toBe(0);
});

test('recurrent states of a step that was given up half way are not gone on from', () => {
  const cached = new CachedTokens(states());
  cached.promptBegun(84);
  cached.promptSubmitted(16);
  cached.push(...tokenIds.slice(0, 84));
  cached.promptBegun(16);
  expect(cached.keepPrefixOf(tokenIds)).toBe(84);
  cached.promptBegun(10);
  expect(cached.keepPrefixOf(tokenIds.slice(0, 70))).toBe(0);
});

test('an answer leaves a copy of recurrent states every 64 tokens', () => {
  const cached = new CachedTokens(states());
  for (const id of tokenIds) {
    cached.answerSubmitted(1);
    cached.push(id);
  }
  expect(cached.keepPrefixOf([...tokenIds.slice(0, 80), 7])).toBe(64);
});

/** Of one layer, on a device that does nothing. */
function states(): StateSnapshots {
  const buffer = { byteLength: 4 };
  const backend = { createBuffer: () => buffer, copy: () => undefined } as unknown as Backend;
  return StateSnapshots.create(backend, [{ memory: buffer, recent: buffer } as unknown as LayerMemory])!;
}
