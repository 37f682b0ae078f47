import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { Manifest, TokenizerRecord } from '../checkpoint/manifest';
import { newDatabase, storedKeys } from '../testing/importing';
import { sha256, sha256OfJson } from './hash';
import { WeightStore } from './weightStore';

const tokenizer: TokenizerRecord = { tokenizer: { model: { vocab: { a: 0 } } }, config: {}, chatTemplate: null };
const chunkBytes = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7)];

async function storeModel(store: WeightStore, id: string, importId: string): Promise<Manifest> {
  await store.putJournal({ id, importId, fingerprint: 'f', tensors: [] });
  const chunks = [];
  for (const [number, bytes] of chunkBytes.entries()) {
    await store.putChunk(importId, number, bytes);
    chunks.push({ number, bytes: bytes.length, hash: await sha256(bytes) });
  }
  const manifest = {
    version: 1,
    id,
    importId,
    config: {},
    tensors: [{ name: 'norm', shape: [7], format: 'f32', shards: [{ rowStart: 0, rows: 7, bytes: 7, chunks }] }],
    tokenizerHash: await sha256OfJson(tokenizer),
    info: {},
  } as unknown as Manifest;
  await store.commit(manifest, tokenizer);
  return manifest;
}

test('a committed model is listed, read and verified', async () => {
  const store = new WeightStore(newDatabase());
  const manifest = await storeModel(store, 'nano', 'import-1');
  expect((await store.listManifests()).map(({ id }) => id)).toEqual(['nano']);
  expect(await store.getManifest('nano')).toEqual(manifest);
  expect(await store.getTokenizer(manifest)).toEqual(tokenizer);
  const chunk = manifest.tensors[0]!.shards[0]!.chunks[1]!;
  expect(await store.getChunk(manifest, chunk)).toEqual(chunkBytes[1]);
  expect(await store.verify('nano')).toEqual({ ok: true, badChunks: [] });
});

test('verify names a changed chunk, and reading a missing or short one fails', async () => {
  const store = new WeightStore(newDatabase());
  const manifest = await storeModel(store, 'nano', 'import-1');
  const [first] = manifest.tensors[0]!.shards[0]!.chunks;
  await store.putChunk('import-1', 0, Uint8Array.of(1, 2, 3, 5));
  expect(await store.verify('nano')).toEqual({ ok: false, badChunks: ['norm, chunk 0'] });
  await store.putChunk('import-1', 0, Uint8Array.of(1));
  await expect(store.getChunk(manifest, first!)).rejects.toMatchObject({
    name: 'ModelCorruptError',
    message: 'Chunk 0 of the stored model "nano" has 1 bytes instead of 4.',
  });
  await expect(store.getChunk(manifest, { number: 9, bytes: 1, hash: '' })).rejects.toMatchObject({
    name: 'ModelCorruptError',
  });
});

test('importing an id again replaces the model and deletes its chunks', async () => {
  const database = newDatabase();
  const store = new WeightStore(database);
  await storeModel(store, 'nano', 'import-1');
  await storeModel(store, 'nano', 'import-2');
  expect(await store.getJournal('nano')).toBeNull();
  expect(await storedKeys(database)).toEqual([
    ['chunk', 'import-2', 0],
    ['chunk', 'import-2', 1],
    ['manifest', 'nano'],
    ['tokenizer', 'import-2'],
  ]);
});

test('removing a model leaves nothing of it and everything of the others', async () => {
  const database = newDatabase();
  const store = new WeightStore(database);
  await storeModel(store, 'nano', 'import-1');
  await storeModel(store, 'nano-2', 'import-10');
  await store.putJournal({ id: 'nano', importId: 'import-3', fingerprint: 'f', tensors: [] });
  await store.putChunk('import-3', 0, Uint8Array.of(1));
  await store.remove('nano');
  await expect(store.getManifest('nano')).rejects.toMatchObject({ name: 'ModelNotFoundError' });
  await expect(store.remove('nano')).rejects.toMatchObject({ name: 'ModelNotFoundError' });
  expect(await store.verify('nano-2')).toEqual({ ok: true, badChunks: [] });
  await store.remove('nano-2');
  expect(await storedKeys(database)).toEqual([]);
});

test('an import under way knows its chunks and can be discarded', async () => {
  const database = newDatabase();
  const store = new WeightStore(database);
  const journal = { id: 'nano', importId: 'import-1', fingerprint: 'f', tensors: [] };
  await store.putJournal(journal);
  await store.putChunk('import-1', 0, Uint8Array.of(1));
  await store.putChunk('import-1', 3, Uint8Array.of(1));
  await store.putChunk('import-2', 4, Uint8Array.of(1));
  expect(await store.storedChunks('import-1')).toEqual(new Set([0, 3]));
  expect(await store.listManifests()).toEqual([]);
  await store.discardImport(journal);
  expect(await storedKeys(database)).toEqual([['chunk', 'import-2', 4]]);
});

test('an import whose model is removed meanwhile neither goes on nor becomes visible', async () => {
  const database = newDatabase();
  const store = new WeightStore(database);
  const manifest = await storeModel(store, 'nano', 'import-1');
  const journal = { id: 'nano', importId: 'import-2', fingerprint: 'f', tensors: [] };
  await store.putJournal(journal);
  await store.remove('nano');
  const removed = { name: 'ModelNotFoundError', message: '"nano" was removed while it was being imported.' };
  await expect(store.updateJournal(journal)).rejects.toMatchObject(removed);
  await expect(store.commit({ ...manifest, importId: 'import-2' }, tokenizer)).rejects.toMatchObject(removed);
  expect(await storedKeys(database)).toEqual([]);
});

test('a browser without IndexedDB is refused by name', async () => {
  const { indexedDB: saved } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, 'indexedDB');
    await expect(new WeightStore('none').listManifests()).rejects.toMatchObject({ name: 'UnsupportedError' });
  } finally {
    globalThis.indexedDB = saved;
  }
});
