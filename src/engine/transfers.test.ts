import { expect, test } from 'vitest';
import { engineError } from '../../workers/errors';
import type { UnfinishedImport } from '../../workers/protocol/importing';
import type { ModelInfo } from '../../workers/protocol/model';
import type { Progress } from '../../workers/protocol/progress';
import type { ModelSource } from '../../workers/protocol/source';
import type { FetchOptions } from './api';
import type { Transfer } from './transfer.svelte';
import { Transfers } from './transfers.svelte';

interface Call {
  what: ModelSource | string;
  token: string | undefined;
  report: (progress: Partial<Progress>) => void;
  finish: () => void;
  fail: (name: Parameters<typeof engineError>[0], message?: string) => void;
}

const hub = (repo: string): ModelSource => ({ kind: 'hub', repo });
const file: ModelSource = { kind: 'files', files: [new File(['x'], 'm.gguf')] };

function unfinished(id: string, kind: ModelSource['kind'] = 'hub'): UnfinishedImport {
  const place = kind === 'hub' && { hub: { url: 'https://hub.example' } };
  const source = { kind, location: `x/${id}`, revision: 'c0ffee', branch: 'main', ...place };
  const sizes = { loadedBytes: 40, totalBytes: 100, storedBytes: 15 };
  return { id, name: id, source, quantization: 'auto', ...sizes, isUnderWay: false, updatedAt: 0 };
}

/** Transfers of an engine whose imports go as the test says; `stored` is what the database has of them. */
function transfersWith(...stored: UnfinishedImport[]) {
  const calls: Call[] = [];
  const opened: string[] = [];
  const tokens = new Map<string, string>();
  const begin = (what: Call['what'], { token, signal, onProgress }: FetchOptions) =>
    new Promise<ModelInfo>((resolve, reject) => {
      signal!.addEventListener('abort', () => reject(engineError('AbortError', 'paused')));
      calls.push({
        what,
        token,
        report: (progress) => onProgress!({ phase: 'importing', loadedBytes: 0, totalBytes: 0, ...progress }),
        finish: () => resolve({ id: 'm' } as ModelInfo),
        fail: (name, message = 'why') => reject(engineError(name, message)),
      });
    });
  const engine = {
    importModel: begin,
    resumeImport: begin,
    listImports: async () => [...stored],
    discardImport: async (id: string) => {
      const at = stored.findIndex((one) => one.id === id);
      if (id === 'stuck') throw engineError('ModelInUseError', 'another tab');
      if (at < 0) throw engineError('ModelNotFoundError', 'nothing');
      stored.splice(at, 1);
    },
  };
  let isFree = true;
  const transfers = new Transfers({
    engine: async () => engine,
    takeIn: async () => undefined,
    tokenFor: (url) => tokens.get(url),
    open: (model) => (isFree ? (opened.push(model.id), Promise.resolve()) : null),
  });
  return { transfers, calls, opened, stored, tokens, setFree: (free: boolean) => (isFree = free) };
}

/** Lets everything happen that has been decided. */
const settled = () => new Promise((resolve) => setTimeout(resolve));
const states = ({ list }: Transfers) => list.map(({ state }) => state);

test('the first import takes the centre, tells its speed, and is opened', async () => {
  const { transfers, calls, opened } = transfersWith();
  const done = transfers.start(hub('x/m'), true);
  const transfer = transfers.centre as Transfer;
  expect(transfer.subject.name).toBe('x/m');
  await settled();
  calls[0]!.report({ loadedBytes: 20, totalBytes: 100, etaSeconds: 4 });
  expect(transfer).toMatchObject({ state: 'running', share: 0.2, bytesPerSecond: 20, etaSeconds: 4 });
  calls[0]!.finish();
  await done;
  expect(opened).toEqual(['m']);
  expect(transfers).toMatchObject({ list: [], centre: null, isRunning: false });
});

test('a model that arrives in the background waits to be opened', async () => {
  const { transfers, calls, opened, setFree } = transfersWith();
  const done = transfers.start(hub('x/m'));
  await settled();
  calls[0]!.finish();
  await done;
  expect(states(transfers)).toEqual(['done']);
  setFree(false);
  await transfers.open(transfers.list[0]!);
  expect(transfers.list).toHaveLength(1);
  setFree(true);
  await transfers.open(transfers.list[0]!);
  expect([opened, transfers.list]).toEqual([['m'], []]);
});

test('downloads take turns, local files do not wait, and a source is imported once', async () => {
  const { transfers, calls } = transfersWith();
  void transfers.start(hub('x/a'));
  void transfers.start(hub('x/b'));
  void transfers.start(file);
  void transfers.start(hub('x/a'));
  await settled();
  expect(states(transfers)).toEqual(['running', 'queued', 'running']);
  expect(calls.map(({ what }) => what)).toEqual([hub('x/a'), file]);
  await transfers.pause(transfers.list[0]!);
  await settled();
  expect(states(transfers)).toEqual(['paused', 'running', 'running']);
  void transfers.resume(transfers.list[0]!);
  calls.at(-1)!.fail('InvalidFileError');
  await settled();
  expect(states(transfers)).toEqual(['running', 'failed', 'running']);
});

test('what earlier visits have left is listed, goes on by its id, and is deleted', async () => {
  const { transfers, calls, stored, tokens } = transfersWith(unfinished('a'), unfinished('b'));
  tokens.set('https://hub.example', 'secret');
  await transfers.refresh();
  await transfers.refresh();
  const [first, second] = transfers.list as [Transfer, Transfer];
  expect(first).toMatchObject({ state: 'paused', isAtHand: false, share: 0.4, subject: { name: 'a' } });
  void transfers.resume(first, true);
  await settled();
  expect(calls[0]).toMatchObject({ what: 'a', token: 'secret' });
  expect(transfers.centre).toBe(first);
  await transfers.discard(second);
  expect(stored.map(({ id }) => id)).toEqual(['a']);
  await transfers.putAside(first);
  expect(transfers).toMatchObject({ centre: null, list: [{ state: 'paused', isAtHand: false }] });
});

test('asking for what an earlier visit has begun goes on with that', async () => {
  const { transfers, calls } = transfersWith(unfinished('a'), unfinished('b'));
  await transfers.refresh();
  void transfers.start(hub('x/a'));
  await settled();
  calls[0]!.report({ modelId: 'a', loadedBytes: 50, totalBytes: 100 });
  expect(transfers.list.map(({ id }) => id)).toEqual(['b', 'a']);
  expect(transfers.list[1]).toMatchObject({ share: 0.5, stored: { storedBytes: 15 } });
});

test('local files of an earlier visit are asked for again', async () => {
  const { transfers, calls } = transfersWith(unfinished('a', 'files'));
  await transfers.refresh();
  const [transfer] = transfers.list;
  expect(transfer!.needsFiles).toBe(true);
  void transfers.resumeWith([], transfer!);
  await settled();
  expect(calls[0]!.what).toEqual({ kind: 'files', files: [] });
});

test('without a network an import waits, and goes on when it is back', async () => {
  const { transfers, calls } = transfersWith();
  void transfers.start(hub('x/m'));
  await settled();
  transfers.networkIsGone();
  calls[0]!.fail('NetworkError');
  await settled();
  expect(transfers.list).toMatchObject([{ state: 'offline', failure: null }]);
  transfers.networkIsBack();
  await settled();
  expect(transfers.list).toMatchObject([{ state: 'running', failure: null }]);
  calls[1]!.fail('NetworkError');
  await settled();
  expect(transfers.list).toMatchObject([{ state: 'failed', failure: { name: 'NetworkError' } }]);
});

test('a full disk is stated in numbers, and what is stored is kept', async () => {
  const { transfers, calls, stored } = transfersWith();
  void transfers.start(hub('x/m'), true);
  await settled();
  stored.push(unfinished('m'));
  calls[0]!.report({ modelId: 'm', loadedBytes: 40, totalBytes: 100 });
  calls[0]!.fail(
    'StorageFullError',
    'The browser has no room left: this model needs 5.0 MB more. What is stored is kept.',
  );
  await settled();
  expect(transfers.list).toMatchObject([
    { state: 'failed', failure: { shortage: { neededBytes: 5_000_000, freeBytes: null } }, stored: { id: 'm' } },
  ]);
  expect(transfers.centre).toBeNull();
  await transfers.putAside(transfers.list[0]!);
  expect(transfers.list).toMatchObject([{ isAtHand: false }]);
});

test('a file that has changed is begun anew, at its branch', async () => {
  const { transfers, calls, stored } = transfersWith(unfinished('a'));
  await transfers.refresh();
  void transfers.resume(transfers.list[0]!);
  await settled();
  stored.pop();
  calls[0]!.fail('SourceChangedError');
  await settled();
  void transfers.resume(transfers.list[0]!);
  await settled();
  const hub = [{ url: 'https://hub.example' }];
  expect(calls[1]!.what).toEqual({ kind: 'hub', repo: 'x/a', revision: 'main', hub });
});

test('a token that was given after a failure goes with the next attempt, to its own hub', async () => {
  const { transfers, calls, tokens } = transfersWith();
  const [first, mirror] = ['https://hub.example', 'https://mirror.example'];
  void transfers.start({ kind: 'hub', repo: 'x/m', hub: [first!, { url: mirror! }] });
  await settled();
  expect(calls[0]!.what).toMatchObject({ hub: [{ url: first }, { url: mirror }] });
  calls[0]!.fail('NetworkError');
  await settled();
  tokens.set(first!, 'secret');
  void transfers.resume(transfers.list[0]!);
  await settled();
  expect(calls[1]!.what).toEqual({
    kind: 'hub',
    repo: 'x/m',
    hub: [{ url: first, token: 'secret' }, { url: mirror }],
  });
});

test('what cannot be deleted stays listed, and says why', async () => {
  const { transfers, stored } = transfersWith(unfinished('stuck'));
  await transfers.refresh();
  await transfers.discard(transfers.list[0]!);
  expect(transfers.list).toMatchObject([{ id: 'stuck', state: 'failed', failure: { name: 'ModelInUseError' } }]);
  expect(stored).toHaveLength(1);
});

test('what another tab imports is watched, and not deleted from here', async () => {
  const { transfers, calls, stored } = transfersWith(unfinished('a'));
  await transfers.refresh();
  void transfers.resume(transfers.list[0]!);
  await settled();
  calls[0]!.report({ modelId: 'a', isElsewhere: true });
  expect(transfers.list[0]!.isElsewhere).toBe(true);
  await transfers.discard(transfers.list[0]!);
  expect(stored).toHaveLength(1);
});
