import type { Page } from 'playwright';

/** Flips a bit of a stored chunk: of the one that has this number, or of the first. */
export async function flipByte(page: Page, byte: number, number?: number): Promise<void> {
  await page.evaluate(
    async ({ byte, number }) => {
      const open = indexedDB.open('minicpm-weights');
      await new Promise((resolve) => (open.onsuccess = resolve));
      const ask = async <T>(request: (store: IDBObjectStore) => IDBRequest<T>, mode?: IDBTransactionMode) => {
        const asked = request(open.result.transaction('weights', mode).objectStore('weights'));
        await new Promise((resolve) => (asked.transaction!.oncomplete = resolve));
        return asked.result;
      };
      const keys = await ask((store) => store.getAllKeys(IDBKeyRange.bound(['chunk'], ['chunk', []])));
      const key = keys.find((key) => number === undefined || (key as [string, string, number])[2] === number)!;
      const stored = await ask<Blob>((store) => store.get(key));
      const bytes = new Uint8Array(await stored.arrayBuffer());
      bytes[byte] = bytes[byte]! ^ 1;
      await ask((store) => store.put(new Blob([bytes]), key), 'readwrite');
      open.result.close();
    },
    { byte, number },
  );
}
