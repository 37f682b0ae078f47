import { expect, test, vi } from 'vitest';
import type { Engine, Model, ModelInfo, ModelSource } from './api';
import { loadOptions } from './checkArguments';
import { EngineState } from './engine.svelte';

const info = { id: 'm', name: 'M', source: { kind: 'files', location: 'm.gguf' }, hasTokenizer: true } as ModelInfo;

/** Engines made one after another; each stores one model and loads it as `load` says. */
function stateWith(...loads: ((signal?: AbortSignal) => Promise<unknown>)[]) {
  return stateOf(info, ...loads);
}

function stateOf(info: ModelInfo, ...loads: ((signal?: AbortSignal) => Promise<unknown>)[]) {
  let made = 0;
  const calls: unknown[] = [];
  const createEngine = async () => {
    const load = loads[made++]!;
    const engine = {
      isClosed: false,
      listModels: async () => (calls.some((call) => call === `remove ${info.id}`) ? [] : [info]),
      removeModel: async (id: string) => void calls.push(`remove ${id}`),
      diagnostics: async () => ({}),
      listImports: async () => [],
      repairModel: async (id: string, { source }: { source?: ModelSource }) => {
        calls.push({ repaired: id, source });
        return ['chunk 1'];
      },
      importModel: async (source: ModelSource, { id }: { id?: string }) => {
        calls.push({ source, id });
        return info;
      },
      load: async (_id: string, options: { signal?: AbortSignal }) => {
        loadOptions('options', options);
        const { signal } = options;
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
  return { state, remembered, calls };
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

test('the device is looked at again when asked to, and what is known of it stays where that fails', async () => {
  const answers = [{ kernels: [] }, { kernels: ['matvec'] }, new Error('gone')];
  const engine = {
    isClosed: false,
    listModels: async () => [],
    listImports: async () => [],
    diagnostics: async () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Engine;
  const state = new EngineState(async () => engine, { recall: () => null, remember: () => undefined });
  await state.lookAtDevice();
  expect(state.diagnostics).toBeNull();
  await state.start();
  expect(state.diagnostics).toEqual({ kernels: [] });
  await state.lookAtDevice();
  expect(state.diagnostics).toEqual({ kernels: ['matvec'] });
  await state.lookAtDevice();
  expect(state).toMatchObject({ status: 'ready', diagnostics: { kernels: ['matvec'] } });
});

test('files that are given before the engine has started are imported when it has', async () => {
  const { state, calls } = stateWith(loads);
  const [sooner, meanwhile] = ['a', 'b'].map((name) => ({ kind: 'files' as const, files: [new File([], name)] }));
  const first = state.importAndLoad(sooner!);
  const starting = state.start();
  const second = state.importAndLoad(meanwhile!);
  expect(state.status).toBe('starting');
  await Promise.all([starting, first, second]);
  expect(calls).toMatchObject([{ source: sooner }, { source: meanwhile }]);
  expect(state.loaded).toBe(info);
});

/** An engine whose driver never answers: what asks it about the device waits until the engine is disposed of. */
function silentEngine() {
  const imported: ModelSource[] = [];
  let end: (reason: Error) => void = () => undefined;
  const engine = {
    listModels: async () => [],
    listImports: async () => [],
    diagnostics: () => new Promise((_, reject) => (end = reject)),
    importModel: async (source: ModelSource) => {
      imported.push(source);
      return info;
    },
    dispose: async () => end(new Error('the engine was disposed')),
  } as unknown as Engine;
  return { engine, imported };
}

const FORGETFUL = { recall: () => null, remember: () => undefined };

test('an import does not wait for a driver that never answers', async () => {
  const { engine, imported } = silentEngine();
  const state = new EngineState(async () => engine, FORGETFUL);
  void state.start();
  const source = { kind: 'bundled', name: 'nano' } as const;
  void state.importAndLoad(source);
  await vi.waitFor(() => expect(imported).toEqual([source]));
});

test('an engine that is replaced before its driver has answered leaves the new one at work', async () => {
  const engines = [silentEngine().engine, { ...silentEngine().engine, diagnostics: async () => ({ backend: 'cpu' }) }];
  const state = new EngineState(async () => engines.shift() as Engine, FORGETFUL);
  const started = state.start();
  await vi.waitFor(() => expect(state.status).toBe('ready'));
  await state.avoidGpu(true);
  await started;
  expect(state.status).toBe('ready');
  expect(state.diagnostics?.backend).toBe('cpu');
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

test('a damaged model is repaired, from its files where it came from files, and opened', async () => {
  let reads = 0;
  const { state, calls } = stateWith(() => (reads++ === 0 ? fails('ModelCorruptError')() : loads()));
  await state.start();
  await state.load('m');
  expect(state.error?.name).toBe('ModelCorruptError');
  const files = [new File([], 'm.gguf')];
  const done = state.repairAndLoad('m', files);
  expect(state.status).toBe('repairing');
  await done;
  expect(calls).toEqual([{ repaired: 'm', source: { kind: 'files', files } }]);
  expect(state).toMatchObject({ status: 'ready', loaded: info, error: null });
});

test('while a model is loaded another one is imported in the background, and waits to be opened', async () => {
  const { state } = stateWith(loads);
  await state.start();
  await state.load('m');
  const done = state.importAndLoad({ kind: 'url', urls: ['https://x/other.gguf'] });
  expect(state).toMatchObject({ status: 'ready', isBusy: false });
  await done;
  expect(state.transfers.list).toMatchObject([{ state: 'done', model: info }]);
});

test('after a crash the next attempt starts a new engine', async () => {
  const { state } = stateWith(fails('DeviceLostError'), loads);
  await state.start();
  await state.load('m');
  expect(state.error?.name).toBe('DeviceLostError');
  await state.retry();
  expect(state).toMatchObject({ loaded: info, error: null });
});

test('a model without a tokenizer is not opened, and its import is taken back', async () => {
  const { state } = stateOf({ ...info, hasTokenizer: false }, loads);
  await state.start();
  await state.load('m');
  expect(state).toMatchObject({ status: 'ready', loaded: null, error: { name: 'MissingTokenizerError' } });
  await state.importAndLoad({ kind: 'bundled', name: 'nano' });
  expect(state).toMatchObject({ status: 'ready', loaded: null, models: [] });
  expect(state.transfers.list).toMatchObject([{ state: 'failed', failure: { name: 'MissingTokenizerError' } }]);
});

test('a demo that cannot be read any more is imported again under its id, and opened', async () => {
  const demo: ModelInfo = { ...info, id: 'demo', source: { kind: 'bundled', location: 'nano' } };
  let reads = 0;
  const { state, calls } = stateOf(demo, () => (reads++ === 0 ? fails('ModelCorruptError')() : loads()));
  await state.start();
  await state.load('demo');
  expect(calls).toEqual([{ source: { kind: 'bundled', name: 'nano' }, id: 'demo' }]);
  expect(state).toMatchObject({ status: 'ready', loaded: demo, error: null });
});

test('what a part of a picture takes is remembered behind an answer, and known before the next one', async () => {
  const seeing = { ...info, vision: true, thinking: null };
  const pictures = { encoded_tiles: 4, reused_tiles: 1, encode_seconds: 2 };
  const choice = { index: 0, delta: { content: 'A' }, finish_reason: 'stop', logprobs: null };
  const model = {
    info: seeing,
    unload: async () => undefined,
    inspectPicture: async () => ({ plans: [], secondsPerTile: null }),
    chat: {
      completions: {
        create: async function* () {
          yield { choices: [choice], usage: { pictures } };
        },
      },
    },
  };
  const engine = {
    listModels: async () => [seeing],
    listImports: async () => [],
    diagnostics: async () => ({ backend: 'cpu' }),
    load: async () => model,
  };
  const noted = new Map<string, number>();
  const state = new EngineState(async () => engine as unknown as Engine, {
    recall: () => null,
    remember: () => undefined,
    secondsPerTile: ({ id }, { backend }) => noted.get(`${id} ${backend}`) ?? null,
    noteSecondsPerTile: ({ id }, { backend }, seconds) => noted.set(`${id} ${backend}`, seconds),
  });
  await state.start();
  await state.load('m');
  const looksFor = async () => (await state.inspectPicture(new Blob())).secondsPerTile;
  expect(await looksFor()).toBeNull();
  for await (const chunk of await state.answer({ messages: [] })) expect(chunk.usage?.pictures).toEqual(pictures);
  expect(await looksFor()).toBe(0.5);
  pictures.encoded_tiles = 0;
  for await (const chunk of await state.answer({ messages: [] })) expect(chunk.choices).toHaveLength(1);
  expect(await looksFor()).toBe(0.5);
});
