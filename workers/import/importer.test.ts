import 'fake-indexeddb/auto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Progress } from '../protocol/progress';
import type { ModelSource } from '../protocol/source';
import { modelLock } from '../storage/locks';
import { WeightStore } from '../storage/weightStore';
import { ggufFile } from '../testing/ggufFile';
import { hashes, importModel, newDatabase, storedKeys } from '../testing/importing';
import {
  ggufTensors,
  huggingFaceTensors,
  jsonFile,
  testFile,
  tinyConfig,
  tinyFolder,
  tinyGguf,
  tinyGgufMetadata,
  tinyWeights,
} from '../testing/tinyCheckpoint';
import { safetensorsFile } from '../testing/safetensorsFile';

/** Fails an import like a terminated worker: from outside, at a moment between two tensors. */
function stopAfter(reports: number) {
  let count = 0;
  return ({ phase }: Progress) => {
    if (phase === 'importing' && ++count > reports) throw new Error('terminated');
  };
}

/** A file that counts the bytes that are read from it. */
class CountingFile extends File {
  bytesRead = 0;
  override slice(start = 0, end = this.size, type?: string): Blob {
    this.bytesRead += end - start;
    return super.slice(start, end, type);
  }
}

async function countedFolder(): Promise<{ files: File[]; weights: CountingFile }> {
  const files = tinyFolder();
  const index = files.findIndex(({ name }) => name === 'model.safetensors');
  const weights = new CountingFile([await files[index]!.arrayBuffer()], 'model.safetensors', { lastModified: 0 });
  return { files: files.toSpliced(index, 1, weights), weights };
}

/** Progress reports come at most ten times a second; with a clock that leaps, after every tensor. */
function leapingClock() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
}

/** Web Locks of a tab whose other tabs keep what is in `held`. */
function locksBeside(held: ReadonlySet<string>) {
  type Work = (lock: object | null) => unknown;
  const request = async (name: string, ...rest: [Work] | [LockOptions, Work]) => {
    const work = rest.at(-1) as Work;
    if (!held.has(name)) return work({});
    const { signal } = rest[0] as LockOptions;
    if (!signal) return work(null);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as DOMException)));
  };
  return { request };
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('a checkpoint', () => {
  test('is stored the same from safetensors and from GGUF', async () => {
    const safetensors = await importModel(tinyFolder());
    const gguf = await importModel([tinyGguf()]);
    expect(hashes(gguf)).toEqual(hashes(safetensors));
    expect(gguf.config).toMatchObject({ numKvHeads: 2, headDim: 16, logitScale: 0.5, tieWordEmbeddings: true });
    expect(safetensors.config.eosTokenIds).toEqual([2, 3]);
  });

  test('is the same in shards as in one file', async () => {
    const tensors = huggingFaceTensors();
    const shards = [tensors.slice(7), tensors.slice(0, 7)];
    const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const weightMap = Object.fromEntries(shards.flatMap((shard, i) => shard.map(({ name }) => [name, names[i]])));
    const sharded = [
      ...tinyFolder().slice(0, -1),
      ...shards.map((shard, i) => testFile(names[i]!, safetensorsFile(shard))),
      jsonFile('model.safetensors.index.json', { weight_map: weightMap }),
    ];
    expect(hashes(await importModel(sharded))).toEqual(hashes(await importModel(tinyFolder())));
    const unindexed = sharded.slice(0, -1);
    expect(hashes(await importModel(unindexed))).toEqual(hashes(await importModel(tinyFolder())));
    for (const files of [sharded, unindexed]) {
      const cut = files.filter(({ name }) => name !== names[0]);
      await expect(importModel(cut)).rejects.toMatchObject({
        name: 'InvalidFileError',
        message: expect.stringMatching(/^There is no model-00001-of-00002\.safetensors among/),
      });
    }
  });

  test('imported twice has the same chunks', async () => {
    expect(hashes(await importModel(tinyFolder()))).toEqual(hashes(await importModel(tinyFolder())));
  });

  test('of more files than any model has is refused', async () => {
    const names = Array.from({ length: 1001 }, (_, i) => [`tensor${i}`, `model-${i}.safetensors`]);
    const files = [
      ...tinyFolder().slice(0, -1),
      jsonFile('model.safetensors.index.json', { weight_map: Object.fromEntries(names) }),
    ];
    await expect(importModel(files)).rejects.toMatchObject({
      name: 'InvalidFileError',
      message: expect.stringContaining('1001'),
    });
  });

  test('is not stored from a page whose origin is not secure', async () => {
    vi.stubGlobal('crypto', {});
    await expect(importModel(tinyFolder())).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: expect.stringContaining('https'),
    });
  });

  test('is described to the page', async () => {
    const { info, importId, id, tokenizerHash } = await importModel(tinyFolder(), { id: 'mine' });
    expect(info).toMatchObject({
      id: 'mine',
      name: 'MiniCPM 0.1M',
      family: 'MiniCPM',
      vocabSize: 275,
      contextLength: 128,
      hasTokenizer: true,
      thinking: null,
      vision: false,
      sampling: { temperature: 0.6, topP: 0.9, topK: 0, minP: 0, repetitionPenalty: 1 },
    });
    expect(info.parameters).toBe(275 * 64 + 2 * (64 * 64 * 2 + 32 * 64 * 2 + 3 * 64 * 96 + 2 * 64) + 64);
    expect([id, importId, tokenizerHash]).toEqual([
      'mine',
      expect.stringMatching(/.{36}/),
      expect.stringMatching(/^\w{64}$/),
    ]);
  });

  test('is called by what tells it from others: folder or file, what it says of itself, family and size', async () => {
    const nameOf = async (source: ModelSource | File[]) => (await importModel(source)).info.name;
    const folder = (name: string, path?: string): ModelSource => {
      return { kind: 'files', files: tinyFolder(tinyConfig({ ...(path && { _name_or_path: path }) })), folder: name };
    };
    expect(await nameOf(folder('MiniCPM-2B-tuned', 'openbmb/CPM-2B'))).toBe('MiniCPM-2B-tuned');
    expect(await nameOf(folder('MiniCPM-V-4_6', 'openbmb/CPM-2B'))).toBe('MiniCPM-V-4_6');
    expect(await nameOf(folder('checkpoint-1200', 'openbmb/CPM-2B'))).toBe('CPM-2B');
    expect(await nameOf(folder('models', './output/step_20/'))).toBe('MiniCPM 0.1M');
    const tensors = ggufTensors(tinyConfig(), tinyWeights());
    const gguf = (file: string, name: string) => [
      testFile(file, ggufFile({ ...tinyGgufMetadata(), 'general.name': { string: name } }, tensors)),
    ];
    expect(await nameOf(gguf('MiniCPM4-0.5B-Q4_K_M.gguf', 'Model'))).toBe('MiniCPM4-0.5B-Q4_K_M');
    expect(await nameOf(gguf('MiniCPM-V-2_6-Q4_K_M.gguf', 'Model'))).toBe('MiniCPM-V-2_6-Q4_K_M');
    const titled = await importModel(gguf('ggml-model-Q4_K_M.gguf', 'MiniCPM4 0.5B'));
    expect(titled.info).toMatchObject({ name: 'MiniCPM4 0.5B', sampling: { temperature: 0.7, topP: 0.7 } });
    expect(await nameOf(gguf('model.gguf', 'LLaMA v2'))).toBe('MiniCPM 0.1M');
  });

  test.each([
    ['auto', { embedTokens: 'int8', 'layers.0.qProj': 'int4', norm: 'f32' }],
    ['int4', { embedTokens: 'int4', 'layers.0.qProj': 'int4', norm: 'f32' }],
    ['int8', { embedTokens: 'int8', 'layers.0.qProj': 'int8', norm: 'f32' }],
    ['f16', { embedTokens: 'f16', 'layers.0.qProj': 'f16', norm: 'f32' }],
    ['f32', { embedTokens: 'f32', 'layers.0.qProj': 'f32', norm: 'f32' }],
  ] as const)('is stored in the formats of %s', async (quantization, formats) => {
    const { tensors, id } = await importModel(tinyFolder(), { quantization });
    expect(Object.fromEntries(tensors.map(({ name, format }) => [name, format]))).toMatchObject(formats);
    expect(id).toBe(quantization === 'auto' ? 'minicpm-0.1m' : `minicpm-0.1m-${quantization}`);
  });

  test('reports its bytes up to the last', async () => {
    leapingClock();
    const reports: Progress[] = [];
    await importModel(tinyFolder(), { onProgress: (progress) => reports.push(progress) });
    const [reading, ...importing] = reports;
    expect(reading).toEqual({ phase: 'reading', loadedBytes: 0, totalBytes: 0 });
    const loaded = importing.map(({ loadedBytes }) => loadedBytes);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    const { totalBytes } = importing[0]!;
    expect(importing.at(-1)).toEqual({
      phase: 'importing',
      modelId: 'minicpm-0.1m',
      loadedBytes: totalBytes,
      totalBytes,
      etaSeconds: 0,
    });
    expect(totalBytes).toBe(tinyWeights().reduce((sum, { values }) => sum + values.byteLength, 0));
  });

  test('with a weight that is no number is refused, and nothing of it stays', async () => {
    for (const target of ['layers.1.inputLayernorm', 'layers.1.downProj']) {
      const database = newDatabase();
      const weights = tinyWeights();
      weights.find(({ name }) => name === target)!.values[5] = NaN;
      const files = tinyFolder().with(-1, testFile('model.safetensors', safetensorsFile(huggingFaceTensors(weights))));
      await expect(importModel(files, { database })).rejects.toMatchObject({
        name: 'InvalidFileError',
        message: expect.stringMatching(/^model\.safetensors, tensor "model\.layers\.1\..*NaN/),
      });
      expect(await storedKeys(database)).toEqual([]);
    }
  });
});

describe('models of one name', () => {
  const gguf = (name: string, seed: number) => new File([tinyGguf(tinyConfig(), seed)], name, { lastModified: seed });

  test('from two sources get two ids, and keep them when they are imported again', async () => {
    const database = newDatabase();
    const idOf = async (name: string, seed: number) => (await importModel([gguf(name, seed)], { database })).id;
    expect([await idOf('Tiny.gguf', 1), await idOf('tiny.gguf', 2), await idOf('TINY.gguf', 3)]).toEqual([
      'tiny',
      'tiny-2',
      'tiny-3',
    ]);
    const store = new WeightStore(database);
    const second = await store.getManifest('tiny-2');
    expect(await idOf('tiny.gguf', 2)).toBe('tiny-2');
    // Another file that is called as one that is stored.
    expect(await idOf('tiny.gguf', 4)).toBe('tiny-4');
    expect(hashes(await store.getManifest('tiny-2'))).toEqual(hashes(second));
    await store.remove('tiny');
    expect(await idOf('TINY.gguf', 3)).toBe('tiny-3');
    expect(await idOf('tiny.GGUF', 5)).toBe('tiny');
  });

  test('under an id that was asked for replace each other', async () => {
    const database = newDatabase();
    await importModel([gguf('a.gguf', 1)], { database, id: 'mine' });
    expect((await importModel([gguf('b.gguf', 2)], { database, id: 'mine' })).id).toBe('mine');
    expect(await new WeightStore(database).listManifests()).toHaveLength(1);
  });

  test('replace none that is loaded, and what was stored until then is not fetched again', async () => {
    const loaded = new Set<string>();
    vi.stubGlobal('navigator', { locks: locksBeside(loaded) });
    const database = newDatabase();
    const lock = modelLock(database, 'mine');
    const before = await importModel([gguf('a.gguf', 1)], { database, id: 'mine' });
    loaded.add(lock);
    await expect(importModel([gguf('a.gguf', 1)], { database, id: 'mine' })).rejects.toThrow('unload it first');
    loaded.clear();
    const onProgress = ({ phase }: Progress) => phase === 'importing' && loaded.add(lock);
    const refused = importModel([gguf('b.gguf', 2)], { database, id: 'mine', onProgress });
    await expect(refused).rejects.toMatchObject({ name: 'ModelInUseError' });
    const store = new WeightStore(database);
    expect(await store.getManifest('mine')).toEqual(before);
    expect(await store.verify('mine')).toEqual({ ok: true, badChunks: [] });
    loaded.clear();
    const file = new CountingFile([tinyGguf(tinyConfig(), 2)], 'b.gguf', { lastModified: 2 });
    const after = await importModel([file], { database, id: 'mine' });
    expect(hashes(after)).not.toEqual(hashes(before));
    // The header alone.
    expect(file.bytesRead).toBeLessThan(file.size);
  });

  test('do not share a broken import', async () => {
    leapingClock();
    const database = newDatabase();
    await importModel([gguf('Tiny.gguf', 1)], { database });
    const store = new WeightStore(database);
    const second = () => [gguf('tiny.gguf', 2)];
    await expect(importModel(second(), { database, onProgress: stopAfter(10) })).rejects.toThrow('terminated');
    const journal = await store.getJournal('tiny-2');
    await store.remove('tiny');
    expect(await importModel(second(), { database })).toMatchObject({ id: 'tiny-2', importId: journal!.importId });
  });
});

describe('a broken import', () => {
  test('is left alone by a model of its name from another source', async () => {
    leapingClock();
    const database = newDatabase();
    await expect(importModel(tinyFolder(), { database, onProgress: stopAfter(10) })).rejects.toThrow('terminated');
    const store = new WeightStore(database);
    const [journal] = await store.listJournals();
    const other = new File([tinyGguf(tinyConfig(), 2)], `${journal!.name}.gguf`);
    expect((await importModel([other], { database })).id).toBe(`${journal!.id}-2`);
    expect(await store.storedChunks(journal!.importId)).not.toHaveProperty('size', 0);
    expect(await importModel(tinyFolder(), { database })).toMatchObject({ importId: journal!.importId });
  });

  test('is invisible, and goes on where it ended', async () => {
    leapingClock();
    const database = newDatabase();
    const first = await countedFolder();
    await expect(importModel(first.files, { database, onProgress: stopAfter(10) })).rejects.toThrow('terminated');
    expect(await new WeightStore(database).listManifests()).toEqual([]);
    const second = await countedFolder();
    const resumed = await importModel(second.files, { database });
    const whole = await countedFolder();
    expect(hashes(resumed)).toEqual(hashes(await importModel(whole.files)));
    expect(second.weights.bytesRead).toBeLessThan(0.8 * whole.weights.bytesRead);
    expect(await new WeightStore(database).verify(resumed.id)).toEqual({ ok: true, badChunks: [] });
  });

  test('imports a tensor again whose chunk has gone', async () => {
    leapingClock();
    const database = newDatabase();
    await expect(importModel(tinyFolder(), { database, onProgress: stopAfter(10) })).rejects.toThrow();
    const store = new WeightStore(database);
    const journal = (await store.getJournal('minicpm-0.1m'))!;
    await store.discardImport(journal);
    await store.putJournal(journal);
    const { id } = await importModel(tinyFolder(), { database });
    expect(await store.verify(id)).toEqual({ ok: true, badChunks: [] });
  });

  test('of another source leaves no chunks behind', async () => {
    leapingClock();
    const database = newDatabase();
    await expect(importModel(tinyFolder(), { database, onProgress: stopAfter(10) })).rejects.toThrow();
    const { tensors } = await importModel([tinyGguf()], { database, id: 'minicpm-0.1m' });
    const chunks = tensors.flatMap(({ shards }) => shards.flatMap((shard) => shard.chunks));
    // One manifest; a GGUF file without a tokenizer has no tokenizer record.
    expect(await storedKeys(database)).toHaveLength(chunks.length + 1);
  });

  test('leaves the model usable that it was to replace', async () => {
    leapingClock();
    const database = newDatabase();
    const before = await importModel(tinyFolder(), { database });
    const changed = () => tinyFolder(tinyConfig(), 2);
    await expect(importModel(changed(), { database, onProgress: stopAfter(10) })).rejects.toThrow();
    const store = new WeightStore(database);
    expect(await store.getManifest(before.id)).toEqual(before);
    expect(await store.verify(before.id)).toEqual({ ok: true, badChunks: [] });
    const after = await importModel(changed(), { database });
    expect(hashes(after)).not.toEqual(hashes(before));
    expect((await storedKeys(database)).length).toBe(Object.values(hashes(after)).flat().length + 2);
  });
});

describe('storage', () => {
  test('that is too small is noticed before anything is stored', async () => {
    vi.stubGlobal('navigator', { storage: { estimate: async () => ({ usage: 900_000, quota: 1_000_000 }) } });
    const database = newDatabase();
    await expect(importModel(tinyFolder(), { database, quantization: 'f32' })).rejects.toMatchObject({
      name: 'StorageFullError',
      message: 'The model needs 0.3 MB of storage, and the browser has 0.1 MB left for this page.',
    });
    expect(await storedKeys(database)).toEqual([]);
  });

  test('that runs full keeps what is finished for the next attempt', async () => {
    const database = newDatabase();
    const put = IDBObjectStore.prototype.put;
    let room = 15;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...record) {
      if (--room < 0) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
      return put.apply(this, record);
    });
    await expect(importModel(tinyFolder(), { database })).rejects.toMatchObject({ name: 'StorageFullError' });
    vi.restoreAllMocks();
    const store = new WeightStore(database);
    const journal = await store.getJournal('minicpm-0.1m');
    expect((await store.storedChunks(journal!.importId)).size).toBeGreaterThan(3);
    expect(journal!.loadedBytes).toBeGreaterThan(0);
    const manifest = await importModel(tinyFolder(), { database });
    expect(manifest.importId).toBe(journal!.importId);
    expect(await store.verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
  });
});
