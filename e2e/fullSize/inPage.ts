import type { LoadOptions, ModelSource } from '../../src/engine/api';

/** What runs in the page: each function is sent there by itself. */

export interface ImportFigures {
  bytes: number;
  sourceBytes: number;
  seconds: number;
  /** The longest time without a report of progress while weights were imported. */
  longestSilenceMs: number;
  /** The longest time between two frames, and tasks of the page that took longer than 50 ms. */
  longestFrameMs: number;
  longTasks: number;
  storageBytes: number;
}

export async function importModel({ source, id }: { source: ModelSource; id: string }): Promise<ImportFigures> {
  const engine = await window.createEngine();
  let longTasks = 0;
  const observer = new PerformanceObserver((list) => (longTasks += list.getEntries().length));
  observer.observe({ type: 'longtask' });
  let longestFrameMs = 0;
  let isRunning = true;
  let frameAt = performance.now();
  const onFrame = () => {
    longestFrameMs = Math.max(longestFrameMs, performance.now() - frameAt);
    frameAt = performance.now();
    if (isRunning) requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);
  let [longestSilenceMs, reportedAt, startedAt, sourceBytes] = [0, 0, 0, 0];
  const info = await engine.importModel(source, {
    id,
    onProgress: ({ phase, totalBytes }) => {
      if (phase !== 'importing') return;
      const now = performance.now();
      if (reportedAt === 0) startedAt = now;
      else longestSilenceMs = Math.max(longestSilenceMs, now - reportedAt);
      reportedAt = now;
      sourceBytes = totalBytes;
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  isRunning = false;
  observer.disconnect();
  await engine.dispose();
  const { usage = 0 } = await navigator.storage.estimate();
  return { bytes: info.bytes, sourceBytes, seconds, longestSilenceMs, longestFrameMs, longTasks, storageBytes: usage };
}

export interface LoadFigures {
  /** All of `load`, and the part of it in which weights went from storage to the device. */
  seconds: number;
  streamingSeconds: number;
  gpuBytes: number;
  weightBytes: number;
  adapter: string;
  mostBindingBytes: number;
}

/** Loads a stored model and keeps it in `window.model`. */
export async function loadModel({ id, limits, ...options }: { id: string; limits: 'max' | 'default' } & LoadOptions) {
  window.engine = await window.createEngine({ limits });
  const startedAt = performance.now();
  let streamingSeconds = 0;
  window.model = await window.engine.load(id, {
    ...options,
    onProgress: ({ phase, loadedBytes, totalBytes }) => {
      if (phase === 'loading' && loadedBytes === totalBytes) streamingSeconds = (performance.now() - startedAt) / 1000;
    },
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { adapter, limits: granted } = await window.engine.diagnostics();
  const { gpuBytes } = await window.model.stats();
  const figures: LoadFigures = {
    seconds,
    streamingSeconds,
    gpuBytes,
    weightBytes: window.model.info.bytes,
    adapter: adapter?.description || adapter?.device || 'none',
    mostBindingBytes: granted.maxStorageBufferBindingSize ?? 0,
  };
  return figures;
}

/** Decodes and leaves; the ids of the tokens, and seconds for the first and for the rest. */
export async function decodeTokens(count: number) {
  const startedAt = performance.now();
  const tokenIds: number[] = [];
  let firstSeconds = 0;
  const options = { temperature: 0, max_tokens: count, ignore_eos: true };
  for await (const { tokenId } of window.model.generate({ tokenIds: [1, 300, 301, 302] }, options)) {
    if (tokenIds.push(tokenId) === 1) firstSeconds = (performance.now() - startedAt) / 1000;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await window.engine.dispose();
  return { tokenIds, firstSeconds, seconds };
}

/** Bytes per second at which the page reads all stored chunks, and hashes one of them: what loading cannot exceed. */
export async function readRates() {
  const open = indexedDB.open('minicpm-weights');
  await new Promise((resolve) => (open.onsuccess = resolve));
  const get = async <T>(ask: (store: IDBObjectStore) => IDBRequest<T>) => {
    const request = ask(open.result.transaction('weights').objectStore('weights'));
    await new Promise((resolve) => (request.onsuccess = resolve));
    return request.result;
  };
  const keys = await get((store) => store.getAllKeys(IDBKeyRange.bound(['chunk'], ['chunk', []])));
  let bytes = 0;
  let largest = new ArrayBuffer(0);
  const startedAt = performance.now();
  for (const key of keys) {
    const chunk = await (await get<Blob>((store) => store.get(key))).arrayBuffer();
    bytes += chunk.byteLength;
    if (chunk.byteLength > largest.byteLength) largest = chunk;
  }
  const read = (bytes * 1000) / (performance.now() - startedAt);
  const hashedAt = performance.now();
  for (let i = 0; i < 10; i++) await crypto.subtle.digest('SHA-256', largest);
  const hash = (10_000 * largest.byteLength) / (performance.now() - hashedAt);
  open.result.close();
  return { read, hash };
}
