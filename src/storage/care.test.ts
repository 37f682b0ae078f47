import { expect, test } from 'vitest';
import { engineError } from '../../workers/errors';
import type { ModelSource } from '../../workers/protocol/source';
import { Care } from './care.svelte';

test('a damaged model is found and repaired, and says how far that is', async () => {
  let bad = ['norm, chunk 3'];
  const shares: number[] = [];
  const given: (ModelSource | undefined)[] = [];
  const care: Care = new Care(
    {
      verify: async (_, { onProgress }) => {
        onProgress!({ phase: 'verifying', loadedBytes: 1, totalBytes: 4 });
        shares.push(care.share);
        return { ok: bad.length === 0, badChunks: bad };
      },
      repair: async (_, { source, onProgress }) => {
        onProgress!({ phase: 'reading', loadedBytes: 0, totalBytes: 0 });
        shares.push(care.share);
        given.push(source);
        return bad.splice(0);
      },
    },
    'm',
  );
  const checking = care.verify();
  expect(care).toMatchObject({ state: 'verifying', isBusy: true });
  await checking;
  expect(care).toMatchObject({ state: 'damaged', damagedParts: 1 });
  const files = [new File([], 'm.gguf')];
  await care.repair(files);
  expect(care).toMatchObject({ state: 'repaired', damagedParts: 0, isBusy: false });
  expect(given).toEqual([{ kind: 'files', files }]);
  bad = [];
  await care.verify();
  expect(care.state).toBe('whole');
  expect(shares).toEqual([0.25, 0, 0.25]);
});

test('a stopped check is no failure; a repair that fails leaves the model called damaged', async () => {
  const care = new Care(
    {
      verify: (_, { signal }) =>
        new Promise((resolve, reject) => {
          signal!.addEventListener('abort', () => reject(engineError('AbortError', 'stopped')));
          if (care.share === 0) setTimeout(() => resolve({ ok: false, badChunks: ['x'] }), 20);
        }),
      repair: () => Promise.reject(engineError('SourceChangedError', 'why')),
    },
    'm',
  );
  const stopped = care.verify();
  care.stop();
  await stopped;
  expect(care).toMatchObject({ state: 'idle', failure: null });
  await care.verify();
  await care.repair();
  expect(care).toMatchObject({ state: 'damaged', failure: { name: 'SourceChangedError' } });
});
