import { expect, test } from 'vitest';
import type { Engine, Model, ModelInfo } from './api';
import { EngineState } from './engine.svelte';

const info = { id: 'm', name: 'M', source: { kind: 'files', location: 'm.gguf' } } as ModelInfo;

/** Engines made one after another; each stores one model and loads it as `load` says. */
function stateWith(...loads: ((signal?: AbortSignal) => Promise<unknown>)[]) {
  let made = 0;
  const createEngine = async () => {
    const load = loads[made++]!;
    const engine = {
      isClosed: false,
      listModels: async () => [info],
      diagnostics: async () => ({}),
      importModel: async () => info,
      load: async (_id: string, { signal }: { signal?: AbortSignal }) => {
        try {
          signal?.throwIfAborted();
          await load(signal);
        } catch (error) {
          engine.isClosed = error instanceof Error && error.name === 'DeviceLostError';
          throw error;
        }
        return { info, unload: async () => undefined } as unknown as Model;
      },
    };
    return engine as unknown as Engine;
  };
  const remembered: string[] = [];
  const state = new EngineState(createEngine, { recall: () => null, remember: (id) => void remembered.push(id) });
  return { state, remembered };
}

const loads = async () => undefined;
const fails = (name: string) => async () => {
  throw Object.assign(new Error('why'), { name });
};
const waitsForCancel = (signal?: AbortSignal) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('cancelled'))));

test('an import ends with the model open and remembered', async () => {
  const { state, remembered } = stateWith(loads);
  await state.start();
  const done = state.importAndLoad({ kind: 'bundled', name: 'nano' });
  expect(state.status).toBe('importing');
  await done;
  expect(state).toMatchObject({ status: 'ready', loaded: info, error: null });
  expect(remembered).toEqual(['m']);
});

test('a failure is shown with the model it is about, until dismissed', async () => {
  const { state } = stateWith(fails('ModelCorruptError'));
  await state.start();
  await state.load('m');
  expect(state.error).toEqual({ name: 'ModelCorruptError', detail: 'why', modelId: 'm' });
  expect(state).toMatchObject({ status: 'ready', loaded: null });
  state.dismiss();
  expect(state.error).toBeNull();
});

test('cancelling is no failure, and a second attempt waits for the end of the first', async () => {
  const { state } = stateWith(waitsForCancel);
  await state.start();
  const done = state.load('m');
  await state.load('m');
  expect(state.status).toBe('loading');
  state.cancel();
  await done;
  expect(state).toMatchObject({ status: 'ready', wasCancelled: true, error: null });
});

test('after a crash the next attempt starts a new engine', async () => {
  const { state } = stateWith(fails('DeviceLostError'), loads);
  await state.start();
  await state.load('m');
  expect(state.error?.name).toBe('DeviceLostError');
  await state.retry();
  expect(state).toMatchObject({ loaded: info, error: null });
});
