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

test('bytes are stored as a Blob', async () => {
  const blob = await stored();
  expect(blob).toBeInstanceOf(Blob);
  expect(storedSize(blob)).toBe(bytes.length);
  expect(Buffer.compare(await readStored(blob), bytes)).toBe(0);
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
  expect(await readStored(array)).toBe(array);
});
