/**
 * Large values are stored as Blobs. Of an array, browsers hand over a copy that lives until the collector finds the request
 * that it came with, and which the collector does not know the size of; a Blob can be read into memory of one's own, twice
 * as fast.
 */
export type StoredBytes = Blob | Uint8Array<ArrayBuffer>;

/** Stores bytes under `key`. */
export function putBytes(store: IDBObjectStore, key: IDBValidKey, bytes: Uint8Array<ArrayBuffer>): void {
  try {
    store.put(new Blob([bytes]), key);
  } catch (error) {
    // Private windows of Safari store no Blobs.
    if (!(error instanceof DOMException) || error.name !== 'DataCloneError') throw error;
    store.put(bytes, key);
  }
}

/** How many bytes were stored. */
export function storedSize(stored: StoredBytes): number {
  return stored instanceof Blob ? stored.size : stored.byteLength;
}

/**
 * The stored bytes: at the start of `memory`, which is handed over and must have room for them, or else in memory of their
 * own. Rejects with what the browser says where it has lost them.
 */
export async function readStored(stored: StoredBytes, memory: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
  if (!(stored instanceof Blob)) return stored;
  const reader = byteReader(stored);
  if (!reader) return new Uint8Array(await stored.arrayBuffer());
  let buffer = memory;
  let length = 0;
  while (length < stored.size) {
    const { value, done } = await reader.read(new Uint8Array(buffer, length, stored.size - length));
    if (done) break;
    buffer = value.buffer;
    length += value.byteLength;
  }
  void reader.cancel();
  return new Uint8Array(buffer, 0, length);
}

/** Reads into memory that is handed over; null in browsers that cannot. */
function byteReader(blob: Blob): ReadableStreamBYOBReader | null {
  try {
    return blob.stream().getReader({ mode: 'byob' });
  } catch {
    return null;
  }
}
