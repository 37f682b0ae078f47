import type { BrowserContext, Page } from '@playwright/test';
import type { ModelSource, Progress, UnfinishedImport } from '../src/engine/api';
import { bytesSentTwice, type HubServer } from '../workers/testing/hubServer';
import { Random } from '../workers/testing/random';
import { openEnginePage } from './enginePage';
import { expect, test } from './fixtures';
import { flipByte } from './flipByte';
import { WEIGHTS } from './nanoFiles';

/** Transfers that are broken in every way: what is stored is the same in the end, and nothing is fetched for long twice. */

declare global {
  interface Window {
    reports: Progress[];
    pausing: AbortController;
  }
}

const CHUNK_BYTES = 64 * 1024;
const TRANSFER = { chunkBytes: CHUNK_BYTES, retrySeconds: 0.05, attempts: 30, stallSeconds: 1 };
/** Every session reads the header anew, with the bytes right behind it. */
const FIRST_REQUEST = 64 * 1024;
/** Slow enough to be stopped in the middle: about two seconds for the whole model. */
const PACE = 1000;

interface StoredTensor {
  shape: number[];
  shards: { bytes: number; rows: number; chunks: { number: number; bytes: number; hash: string }[] }[];
}

const onHub = ({ url }: HubServer): ModelSource => ({ kind: 'hub', repo: 'openbmb/nano', hub: url });

/** Imports in the page, and resolves to the name of the error it ends with, or null. */
function importIn(page: Page, source: ModelSource, transfer: object = TRANSFER): Promise<string | null> {
  return page.evaluate(
    async ([source, transfer]) => {
      window.engine ??= await window.createEngine();
      window.reports = [];
      window.pausing = new AbortController();
      const { signal } = window.pausing;
      const onProgress = (progress: Progress) => window.reports.push(progress);
      return window.engine.importModel(source, { transfer, signal, onProgress }).then(
        () => null,
        (error: Error) => `${error.name}: ${error.message}`,
      );
    },
    [source, transfer] as const,
  );
}

/** The tensors of the stored model as the database has them. */
function storedTensors(page: Page): Promise<StoredTensor[]> {
  return page.evaluate(async () => {
    const open = indexedDB.open('minicpm-weights');
    await new Promise((resolve) => (open.onsuccess = resolve));
    const manifest = open.result.transaction('weights').objectStore('weights').get(['manifest', 'nano']);
    await new Promise((resolve) => (manifest.onsuccess = resolve));
    open.result.close();
    return (manifest.result as { tensors: StoredTensor[] }).tensors;
  });
}

/** What an import that nothing disturbs stores, from a database of its own. */
async function undisturbed(context: BrowserContext, baseURL: string): Promise<StoredTensor[]> {
  const fresh = await context.browser()!.newContext();
  const page = await fresh.newPage();
  await openEnginePage(page, baseURL);
  expect(await importIn(page, { kind: 'bundled', name: 'nano' })).toBeNull();
  const tensors = await storedTensors(page);
  await fresh.close();
  return tensors;
}

/** Bytes of the bf16 source that the largest chunk is made of. */
function largestChunk(tensors: StoredTensor[]): number {
  const chunkRows = ({ shards }: StoredTensor) =>
    shards.flatMap(({ bytes, rows, chunks }) => chunks.map((chunk) => Math.ceil((chunk.bytes / bytes) * rows)));
  return Math.max(...tensors.map((tensor) => Math.max(...chunkRows(tensor)) * (tensor.shape[1] ?? 1) * 2));
}

const weightBytes = ({ requests }: HubServer) =>
  requests.filter(({ name }) => name === WEIGHTS).reduce((sum, { sent }) => sum + sent, 0);

async function whenSent(hub: HubServer, bytes: number): Promise<void> {
  await expect.poll(() => weightBytes(hub), { intervals: [5], timeout: 30_000 }).toBeGreaterThan(bytes);
}

function verify(page: Page): Promise<{ ok: boolean; badChunks: string[] }> {
  return page.evaluate(() => window.engine.verifyModel('nano'));
}

test('twenty cuts, silence, busy servers and whole files in place of parts leave no trace', async ({
  enginePage: page,
  context,
  baseURL,
  serve,
}) => {
  const random = new Random(1);
  let count = 0;
  let cuts = 0;
  const hub = await serve({
    fault: ({ name, range }) => {
      if (name !== WEIGHTS || ++count === 1 || !range) return null;
      if (count === 4) return { kind: 'stall', bytes: 1000 };
      if (count === 7) return { kind: 'status', status: 429, retryAfter: '1' };
      if (count === 9) return { kind: 'status', status: 503, retryAfter: new Date(Date.now() + 2000).toUTCString() };
      if (count === 11) return { kind: 'whole' };
      if (cuts === 20 || count % 2 === 0) return null;
      cuts++;
      return { kind: 'cut', bytes: random.below(range.to - range.from) };
    },
  });
  expect(await importIn(page, onHub(hub))).toBeNull();
  expect(cuts).toBe(20);
  const tensors = await storedTensors(page);
  expect(tensors).toEqual(await undisturbed(context, baseURL!));
  expect(await verify(page)).toEqual({ ok: true, badChunks: [] });
  const [info] = await page.evaluate(() => window.engine.listModels());
  expect(info!.source).toMatchObject({ isVerified: true, branch: 'main', revision: /^[0-9a-f]{40}$/ as unknown });
  const whole = hub.requests.filter(({ name, range }) => name === WEIGHTS && !range);
  expect(whole).toHaveLength(1);
  const parts = hub.requests.filter((request) => !whole.includes(request));
  expect(bytesSentTwice(parts, WEIGHTS)).toBeLessThanOrEqual(22 * largestChunk(tensors));
});

test('a page that is closed ten times in the middle of an import goes on each time', async ({
  context,
  baseURL,
  serve,
}) => {
  const random = new Random(2);
  const hub = await serve({ pace: PACE });
  let closed = 0;
  for (let attempt = 0; attempt < 10; attempt++) {
    const page = await context.newPage();
    await openEnginePage(page, baseURL!);
    const sentBefore = weightBytes(hub);
    void importIn(page, onHub(hub)).catch(() => closed++);
    await whenSent(hub, sentBefore + FIRST_REQUEST + random.below(500_000));
    await page.close();
  }
  await expect.poll(() => closed).toBe(10);
  const page = await context.newPage();
  await openEnginePage(page, baseURL!);
  expect(await importIn(page, onHub(hub))).toBeNull();
  const tensors = await storedTensors(page);
  expect(tensors).toEqual(await undisturbed(context, baseURL!));
  expect(await verify(page)).toEqual({ ok: true, badChunks: [] });
  const [info] = await page.evaluate(() => window.engine.listModels());
  expect(info!.source.isVerified).toBe(true);
  const twice = bytesSentTwice(hub.requests, WEIGHTS, FIRST_REQUEST);
  expect(twice).toBeLessThanOrEqual(10 * largestChunk(tensors));
  expect(twice).toBeGreaterThan(0);
});

test('a server that knows no ranges is read once, from beginning to end', async ({
  enginePage: page,
  context,
  baseURL,
  serve,
}) => {
  const hub = await serve({ fault: ({ name }) => (name === WEIGHTS ? { kind: 'whole' } : null) });
  expect(await importIn(page, onHub(hub))).toBeNull();
  expect(hub.requests.filter(({ name }) => name === WEIGHTS)).toHaveLength(1);
  expect(await storedTensors(page)).toEqual(await undisturbed(context, baseURL!));
});

test('a file that changes meanwhile is an error, and importing it again starts anew', async ({
  enginePage: page,
  serve,
}) => {
  let count = 0;
  let isOther = true;
  const hub = await serve({
    hasApi: false,
    fault: ({ name }) => (name === WEIGHTS && ++count > 5 && isOther ? { kind: 'changed' } : null),
  });
  expect(await importIn(page, onHub(hub))).toMatch(/^SourceChangedError: .*has changed on the server/);
  expect(await page.evaluate(() => window.engine.listImports())).toEqual([]);
  isOther = false;
  expect(await importIn(page, onHub(hub))).toBeNull();
  expect((await verify(page)).ok).toBe(true);
});

test('a token opens a gated repository, and is not sent to where its files are', async ({
  enginePage: page,
  serve,
}) => {
  const hub = await serve({ token: 'hf_secret' });
  expect(await importIn(page, onHub(hub))).toMatch(/^NetworkError: .*status 401: it asks for permission/);
  const importAs = (source: ModelSource, token?: string) =>
    page.evaluate(
      async ([source, token]) => {
        const { id } = await window.engine.importModel(source, { token });
        return window.engine.removeModel(id);
      },
      [source, token] as const,
    );
  await importAs(onHub(hub), 'hf_secret');
  await importAs({ kind: 'hub', repo: 'openbmb/nano', hub: { url: hub.url, token: 'hf_secret' } });
  expect(hub.requests.length).toBeGreaterThan(10);
  expect(hub.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test('an import is paused, listed, taken up by its id, and discarded', async ({ enginePage: page, serve }) => {
  const hub = await serve({ pace: PACE });
  const pause = async (bytes: number) => {
    const done = importIn(page, onHub(hub));
    await whenSent(hub, weightBytes(hub) + bytes);
    await page.evaluate(() => window.pausing.abort());
    expect(await done).toMatch(/^AbortError/);
    const [unfinished, ...others] = await page.evaluate(() => window.engine.listImports());
    expect(others).toEqual([]);
    return unfinished!;
  };
  const first = await pause(700_000);
  expect(first).toMatchObject({ id: 'nano', name: 'nano', quantization: 'auto' } satisfies Partial<UnfinishedImport>);
  expect(first.loadedBytes).toBeGreaterThan(0);
  const second = await pause(700_000);
  expect(second.loadedBytes).toBeGreaterThan(first.loadedBytes);
  expect(second.totalBytes).toBe(first.totalBytes);
  const info = await page.evaluate((transfer) => window.engine.resumeImport('nano', { transfer }), TRANSFER);
  expect(info).toMatchObject({ id: 'nano', lastUsedAt: null, source: { isVerified: true } });
  expect((await verify(page)).ok).toBe(true);
  await page.evaluate(() => window.engine.removeModel('nano'));
  await pause(700_000);
  await page.evaluate(() => window.engine.discardImport('nano'));
  expect(await page.evaluate(() => window.engine.listImports())).toEqual([]);
  const keys = await page.evaluate(async () => {
    const open = indexedDB.open('minicpm-weights');
    await new Promise((resolve) => (open.onsuccess = resolve));
    const keys = open.result.transaction('weights').objectStore('weights').getAllKeys();
    await new Promise((resolve) => (keys.onsuccess = resolve));
    open.result.close();
    return keys.result;
  });
  expect(keys).toEqual([]);
});

test.describe('two tabs', () => {
  test('import a model once: the second follows the first', async ({ enginePage: page, context, baseURL, serve }) => {
    const hub = await serve({ pace: PACE });
    const first = importIn(page, onHub(hub));
    await whenSent(hub, 300_000);
    const other = await context.newPage();
    await openEnginePage(other, baseURL!);
    expect(await importIn(other, onHub(hub))).toBeNull();
    expect(await first).toBeNull();
    expect(bytesSentTwice(hub.requests, WEIGHTS, FIRST_REQUEST)).toBe(0);
    const followed = await other.evaluate(() => window.reports.filter(({ phase }) => phase === 'importing'));
    expect(followed.length).toBeGreaterThan(2);
    expect(followed.at(-1)!.loadedBytes).toBe(followed.at(-1)!.totalBytes);
  });

  test('import a model once: the second takes over when the first is closed', async ({
    enginePage: page,
    context,
    baseURL,
    serve,
  }) => {
    const hub = await serve({ pace: PACE });
    void importIn(page, onHub(hub)).catch(() => undefined);
    await whenSent(hub, 300_000);
    const other = await context.newPage();
    await openEnginePage(other, baseURL!);
    const second = importIn(other, onHub(hub));
    await whenSent(hub, 1_200_000);
    await page.close();
    expect(await second).toBeNull();
    const tensors = await storedTensors(other);
    expect(tensors).toEqual(await undisturbed(context, baseURL!));
    expect(bytesSentTwice(hub.requests, WEIGHTS, FIRST_REQUEST)).toBeLessThanOrEqual(largestChunk(tensors));
  });

  test('know what the other has loaded', async ({ enginePage: page, context, baseURL }) => {
    expect(await importIn(page, { kind: 'bundled', name: 'nano' })).toBeNull();
    const load = (where: Page, sharing: 'shared' | 'exclusive') =>
      where.evaluate(async (sharing) => {
        window.engine ??= await window.createEngine({ backend: 'cpu' });
        return window.engine.load('nano', { sharing }).then(
          (model) => ((window.model = model), null),
          (error: Error) => error.name,
        );
      }, sharing);
    const remove = (where: Page) =>
      where.evaluate(() =>
        window.engine.removeModel('nano').then(
          () => null,
          (error: Error) => error.name,
        ),
      );
    const other = await context.newPage();
    await openEnginePage(other, baseURL!);
    expect(await load(page, 'shared')).toBeNull();
    expect(await load(other, 'exclusive')).toBe('ModelInUseError');
    expect(await load(other, 'shared')).toBeNull();
    await other.evaluate(() => window.model.unload());
    expect(await remove(other)).toBe('ModelInUseError');
    expect(await importIn(other, { kind: 'bundled', name: 'nano' })).toMatch(/^ModelInUseError/);
    await page.evaluate(() => window.model.unload());
    expect(await load(other, 'exclusive')).toBeNull();
    expect(await load(page, 'shared')).toBe('ModelInUseError');
    const [info] = await page.evaluate(() => window.engine.listModels());
    expect(info!.lastUsedAt).toBeGreaterThan(info!.importedAt);
    // The browser frees the locks of a tab that is gone.
    await other.close();
    await expect.poll(() => remove(page)).toBeNull();
  });
});

test('one flipped byte is found at load, named, and repaired by fetching its range alone', async ({
  enginePage: page,
  serve,
}) => {
  const hub = await serve();
  expect(await importIn(page, onHub(hub))).toBeNull();
  const tensors = await storedTensors(page);
  const chunks = tensors.flatMap(({ shards }) => shards.flatMap(({ chunks }) => chunks));
  const random = new Random(4);
  for (let time = 0; time < 3; time++) {
    const chunk = chunks[random.below(chunks.length)]!;
    await flipByte(page, random.below(chunk.bytes), chunk.number);
    const load = () =>
      page.evaluate(() =>
        window.engine.load('nano').then(
          (model) => model.unload(),
          (error: Error) => `${error.name}: ${error.message}`,
        ),
      );
    expect(await load()).toMatch(
      new RegExp(`^ModelCorruptError: \\S+, chunk ${chunk.number} of the stored model "nano" has changed`),
    );
    expect((await verify(page)).badChunks).toEqual([expect.stringMatching(new RegExp(`, chunk ${chunk.number}$`))]);
    hub.requests.length = 0;
    const names = await page.evaluate((transfer) => window.engine.repairModel('nano', { transfer }), TRANSFER);
    expect(names).toEqual([expect.stringMatching(new RegExp(`, chunk ${chunk.number}$`))]);
    const behindHeader = hub.requests.filter(({ name, range }) => name === WEIGHTS && range!.from > 0);
    const sent = behindHeader.reduce((sum, request) => sum + request.sent, 0);
    expect(sent).toBeLessThanOrEqual(largestChunk(tensors));
    expect((await verify(page)).ok).toBe(true);
    expect(await storedTensors(page)).toEqual(tensors);
    expect(await load()).toBeUndefined();
  }
});

test.describe('a quota', () => {
  async function setQuota(page: Page, quotaSize?: number): Promise<void> {
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send('Storage.overrideQuotaForOrigin', {
      origin,
      ...(quotaSize !== undefined && { quotaSize }),
    });
  }

  test('that is too small stops the import, says what is missing, and loses nothing', async ({
    enginePage: page,
    context,
    baseURL,
    serve,
  }) => {
    const hub = await serve();
    let before = 0;
    for (const quota of [300_000, 600_000, 900_000]) {
      await setQuota(page, quota);
      expect(await importIn(page, onHub(hub))).toMatch(
        /^StorageFullError: The browser has no room left: this model needs \d\.\d MB more\./,
      );
      const [unfinished] = await page.evaluate(() => window.engine.listImports());
      expect(unfinished!.loadedBytes).toBeGreaterThanOrEqual(before);
      before = unfinished!.loadedBytes;
    }
    expect(before).toBeGreaterThan(500_000);
    await setQuota(page);
    expect(await importIn(page, onHub(hub))).toBeNull();
    const tensors = await storedTensors(page);
    expect(tensors).toEqual(await undisturbed(context, baseURL!));
    expect(bytesSentTwice(hub.requests, WEIGHTS, FIRST_REQUEST)).toBeLessThanOrEqual(3 * largestChunk(tensors));
  });
});
