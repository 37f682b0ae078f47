import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import { newDatabase } from '../testing/importing';
import { openWeightDatabase } from './database';
import type { StoredBytes } from './storedBytes';
import { putBytes, readStored, storedSize } from './storedBytes';

const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i);

/** What a database gives back for `bytes`. */
async function stored(): Promise<StoredBytes> {
  const database = openWeightDatabase(newDatabase());
  await database('readwrite', (store) => putBytes(store, 'key', bytes));
  return database('readonly', (store) => {
    const request = store.get('key') as IDBRequest<StoredBytes>;
    return new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  });
}

test('bytes are stored as a Blob, and read into the memory that was handed over', async () => {
  const blob = await stored();
  expect(blob).toBeInstanceOf(Blob);
  expect(storedSize(blob)).toBe(bytes.length);
  const memory = new ArrayBuffer(bytes.length + 10);
  const read = await readStored(blob, memory);
  expect(Buffer.compare(read, bytes)).toBe(0);
  expect(memory.byteLength).toBe(0);
  expect(read.buffer.byteLength).toBe(bytes.length + 10);
});

test('a browser whose Blobs cannot be read so hands over memory of its own', async () => {
  const blob = (await stored()) as Blob;
  const refuse = vi.spyOn(blob, 'stream').mockReturnValue(new ReadableStream());
  const memory = new ArrayBuffer(bytes.length);
  expect(Buffer.compare(await readStored(blob, memory), bytes)).toBe(0);
  expect(refuse).toHaveBeenCalled();
  expect(memory.byteLength).toBe(bytes.length);
});

test('a database that takes no Blobs stores an array', async () => {
  const put = IDBObjectStore.prototype.put;
  const refuse = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    value: unknown,
    key?: IDBValidKey,
  ) {
    if (value instanceof Blob) throw new DOMException('BlobURLs are not yet supported.', 'DataCloneError');
    return put.call(this, value, key);
  });
  const array = await stored();
  refuse.mockRestore();
  expect(array).toBeInstanceOf(Uint8Array);
  expect(storedSize(array)).toBe(bytes.length);
  expect(await readStored(array, new ArrayBuffer(0))).toBe(array);
});
