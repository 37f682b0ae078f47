import { beforeEach, expect, test } from 'vitest';
import type { ModelInfo } from '../engine/api';
import type { Transfer } from '../engine/transfer.svelte';
import { deleteEverything } from './deleteEverything';

const kept = new Map<string, string>();

beforeEach(() => {
  kept.clear();
  kept.set('minicpm.theme', 'dark').set('minicpm.roles', '[]').set('another app', 'its own');
  const storage = { removeItem: (key: string) => void kept.delete(key) } as Storage;
  // Object.keys sees what is kept, as it does in a browser.
  globalThis.localStorage = new Proxy(storage, {
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
});

/** An engine with two models and an unfinished import, of which `used` is in use elsewhere. */
function engineWith(used: string | null) {
  const done: string[] = [];
  const engine = {
    models: ['a', 'b'].map((id) => ({ id, name: id.toUpperCase() })) as ModelInfo[],
    lookAtStorage: async () => undefined,
    remove: async (id: string) => {
      if (id !== used) engine.models = engine.models.filter((model) => model.id !== id);
    },
    transfers: { list: [{}] as Transfer[], discard: async () => void done.push('discarded') },
  };
  const history = { clear: async () => void done.push('cleared') };
  return { engine, history, done };
}

type Arguments = Parameters<typeof deleteEverything>;

test('conversations, models, imports and settings go; what is of another app stays', async () => {
  const { engine, history, done } = engineWith(null);
  expect(await deleteEverything(engine as unknown as Arguments[0], history)).toEqual([]);
  expect(done).toEqual(['cleared', 'discarded']);
  expect(engine.models).toEqual([]);
  expect([...kept.keys()]).toEqual(['another app']);
});

test('a model that another tab uses is named, and settings wait', async () => {
  const { engine, history } = engineWith('b');
  expect(await deleteEverything(engine as unknown as Arguments[0], history)).toEqual(['B']);
  expect(kept.has('minicpm.theme')).toBe(true);
});
