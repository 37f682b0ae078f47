import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { ChunkEntry, Manifest, TokenizerRecord } from '../checkpoint/manifest';
import type { Progress } from '../protocol/progress';
import { newDatabase, storedKeys } from '../testing/importing';
import { sha256, sha256OfJson } from './hash';
import type { ImportJournal } from './weightStore';
import { WeightStore } from './weightStore';

const tokenizer: TokenizerRecord = { tokenizer: { model: { vocab: { a: 0 } } }, config: {}, chatTemplate: null };
const chunkBytes = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7)];

function journalOf(id: string, importId: string): ImportJournal {
  const source = { kind: 'url' as const, location: 'https://x/m.gguf' };
  const about = {
    name: id,
    source,
    quantization: 'auto' as const,
    loadedBytes: 0,
    totalBytes: 7,
    storedBytes: 0,
    updatedAt: 0,
  };
  return { ...about, id, importId, fingerprint: 'f', chunkBytes: 16, fileHashes: [null] };
}

const entryOf = (number: number, bytes: Uint8Array, hash = `hash ${number}`): ChunkEntry => ({
  number,
  bytes: bytes.length,
  hash,
});

async function storeModel(store: WeightStore, id: string, importId: string): Promise<Manifest> {
  await store.putJournal(journalOf(id, importId));
  const chunks = [];
  for (const [number, bytes] of chunkBytes.entries()) {
    const chunk = entryOf(number, bytes, await sha256(bytes));
    await store.putChunk(journalOf(id, importId), chunk, bytes);
    chunks.push(chunk);
  }
  const manifest = {
    version: 1,
    id,
    importId,
    config: {},
    tensors: [{ name: 'norm', shape: [7], format: 'f32', shards: [{ rowStart: 0, rows: 7, bytes: 7, chunks }] }],
    tokenizerHash: await sha256OfJson(tokenizer),
    info: { bytes: 7 },
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

test('verifying tells how far it is, and ends where it is stopped', async () => {
  const store = new WeightStore(newDatabase());
  await storeModel(store, 'nano', 'import-1');
  const stopping = new AbortController();
  const reports: Progress[] = [];
  await store.verify('nano', (progress) => void reports.push(progress));
  expect(reports).toEqual([
    { phase: 'verifying', loadedBytes: 0, totalBytes: 7 },
    { phase: 'verifying', loadedBytes: 4, totalBytes: 7 },
  ]);
  const stopped = store.verify('nano', () => stopping.abort(), stopping.signal);
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});

test('a changed chunk is named by verify and by reading, and can be put back', async () => {
  const store = new WeightStore(newDatabase());
  const manifest = await storeModel(store, 'nano', 'import-1');
  const [first] = manifest.tensors[0]!.shards[0]!.chunks;
  const corrupt = (fault: string) => ({
    name: 'ModelCorruptError',
    message: `norm, chunk 0 of the stored model "nano" ${fault}.`,
  });
  await store.restoreChunk(manifest, 0, Uint8Array.of(1, 2, 3, 5));
  expect(await store.verify('nano')).toEqual({ ok: false, badChunks: ['norm, chunk 0'] });
  await expect(store.getChunk(manifest, first!)).rejects.toMatchObject(corrupt('has changed since it was stored'));
  await store.restoreChunk(manifest, 0, Uint8Array.of(1));
  await expect(store.getChunk(manifest, first!)).rejects.toMatchObject(corrupt('has 1 bytes instead of 4'));
  await store.restoreChunk(manifest, 0, chunkBytes[0]!);
  expect(await store.getChunk(manifest, first!)).toEqual(chunkBytes[0]);
  expect(await store.verify('nano')).toEqual({ ok: true, badChunks: [] });
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
  await store.putJournal(journalOf('nano', 'import-3'));
  await store.putChunk(journalOf('nano', 'import-3'), entryOf(0, Uint8Array.of(1)), Uint8Array.of(1));
  await store.noteUse('nano');
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
  const journal = journalOf('nano', 'import-1');
  const other = journalOf('other', 'import-2');
  await store.putJournal(journal);
  await store.putJournal(other);
  const byte = Uint8Array.of(1);
  await store.putChunk(journal, entryOf(0, byte), byte);
  await store.putChunk({ ...journal, loadedBytes: 2 }, entryOf(3, byte), byte);
  await store.putChunk(other, entryOf(4, byte), byte);
  expect(await store.storedChunks('import-1')).toEqual(
    new Map([
      [0, 'hash 0'],
      [3, 'hash 3'],
    ]),
  );
  expect(await store.getJournal('nano')).toMatchObject({ loadedBytes: 2 });
  expect(await store.listManifests()).toEqual([]);
  await store.discardImport(journal);
  expect(await storedKeys(database)).toEqual([
    ['chunk', 'import-2', 4],
    ['hash', 'import-2', 4],
    ['journal', 'other'],
  ]);
});

test('an import whose model is removed meanwhile neither goes on nor becomes visible', async () => {
  const database = newDatabase();
  const store = new WeightStore(database);
  const manifest = await storeModel(store, 'nano', 'import-1');
  const journal = journalOf('nano', 'import-2');
  await store.putJournal(journal);
  await store.remove('nano');
  const removed = { name: 'ModelNotFoundError', message: '"nano" was removed while it was being imported.' };
  const byte = Uint8Array.of(1);
  await expect(store.putChunk(journal, entryOf(0, byte), byte)).rejects.toMatchObject(removed);
  await expect(store.commit({ ...manifest, importId: 'import-2' }, tokenizer)).rejects.toMatchObject(removed);
  expect(await storedKeys(database)).toEqual([]);
});

test('the last use of a model is remembered until it is removed', async () => {
  const store = new WeightStore(newDatabase());
  await storeModel(store, 'nano', 'import-1');
  expect(await store.lastUse('nano')).toBeNull();
  await store.noteUse('nano');
  expect(await store.lastUse('nano')).toBeGreaterThan(Date.now() - 10_000);
  await store.remove('nano');
  expect(await store.lastUse('nano')).toBeNull();
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
