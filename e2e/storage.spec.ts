import type { Locator, Page } from '@playwright/test';
import { en } from '../src/i18n/en';
import { zh } from '../src/i18n/zh';
import { bytesSentTwice, type HubServer } from '../workers/testing/hubServer';
import { chromiumLaunchOptions } from './chromium';
import { expect, test } from './fixtures';
import { flipByte } from './flipByte';
import { nanoFiles, WEIGHTS } from './nanoFiles';

/** Getting a model and keeping it, as a person does it on the built app. */

declare global {
  interface Window {
    /** How often the page has asked the browser to keep its models. */
    timesAsked: number;
  }
}

const weights = nanoFiles.get(WEIGHTS)!;
/** Where the weights begin, behind the header. */
const HEADER_BYTES = 8 + Number(new DataView(weights.buffer, weights.byteOffset).getBigUint64(0, true));
/** Every session reads the header anew, with the bytes right behind it. */
const FIRST_REQUEST = 64 * 1024;
/** Bytes per millisecond and connection: some seconds for the whole model. */
const SLOW = 150;

const LANGUAGES = [
  {
    locale: 'en-GB',
    text: en,
    sums: 'What is 27 + 15?',
    elsewhere: /Another tab/,
    ready: /Ready/,
    room: /needs .* are left/,
  },
  {
    locale: 'zh-CN',
    text: zh,
    sums: '27加15等于多少？',
    elsewhere: /另一个标签页/,
    ready: /可以打开/,
    room: /需要.*只剩/,
  },
];

async function open(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
}

/** Asks the page for the model on `hub`, by its address, in the form of `within`. */
async function askFor({ url }: HubServer, within: Page | Locator): Promise<void> {
  await within.getByTestId('url-input').fill(`${url}openbmb/nano/resolve/main/`);
  await within.getByTestId('licence-accept').check();
  await within.getByTestId('url-import').click();
}

const weightBytes = ({ requests }: HubServer) =>
  requests.filter(({ name }) => name === WEIGHTS).reduce((sum, { sent }) => sum + sent, 0);

async function whenSent(hub: HubServer, bytes: number): Promise<void> {
  await expect.poll(() => weightBytes(hub), { intervals: [20] }).toBeGreaterThan(bytes);
}

/** The first byte of the weights that was asked for since, but for the header. */
function firstByteSince(before: number, { requests }: HubServer): number {
  const ranges = requests.slice(before).flatMap(({ name, range }) => (name === WEIGHTS && range ? [range.from] : []));
  return Math.min(...ranges.filter((from) => from >= FIRST_REQUEST));
}

async function answers(page: Page, question: string): Promise<void> {
  await page.getByTestId('composer-input').fill(question);
  await page.getByTestId('send').click();
  await expect(page.getByTestId('message-assistant').last()).toContainText('42');
}

/** The first record below these keys of the weight database. */
function record<T>(page: Page, kind: string): Promise<T> {
  return page.evaluate(async (kind) => {
    const open = indexedDB.open('minicpm-weights');
    await new Promise((resolve) => (open.onsuccess = resolve));
    const store = open.result.transaction('weights').objectStore('weights');
    const found = store.getAll(IDBKeyRange.bound([kind], [kind, []]), 1);
    await new Promise((resolve) => (found.onsuccess = resolve));
    open.result.close();
    return found.result[0] as T;
  }, kind);
}

async function setQuota(page: Page, quotaSize: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize });
}

for (const { locale, text, sums, elsewhere, ready, room } of LANGUAGES) {
  test.describe(locale, () => {
    test.use({ locale });

    test('an import is paused, survives a reload, fetches no stored byte again, and opens', async ({ page, serve }) => {
      const hub = await serve({ pace: SLOW });
      await open(page);
      await askFor(hub, page);
      await expect(page.getByTestId('import-progress')).toHaveAttribute('data-status', 'importing');
      await whenSent(hub, 2_000_000);
      await page.getByTestId('import-pause').click();
      const transfer = page.getByTestId('transfer');
      await expect(transfer).toHaveAttribute('data-state', 'paused');
      await expect(transfer.getByTestId('transfer-stored')).toBeVisible();
      await page.reload();
      await expect(transfer).toHaveAttribute('data-state', 'paused');
      const { loadedBytes } = await record<{ loadedBytes: number }>(page, 'journal');
      expect(loadedBytes).toBeGreaterThan(0);
      const before = hub.requests.length;
      await transfer.getByTestId('transfer-resume').click();
      await expect(page.getByTestId('import-progress')).toBeVisible();
      await expect(page.getByTestId('composer-input')).toBeVisible();
      await answers(page, sums);
      const ranges = hub.requests
        .slice(before)
        .flatMap(({ name, range }) => (name === WEIGHTS && range ? [range] : []));
      const first = Math.min(...ranges.filter(({ from }) => from >= FIRST_REQUEST).map(({ from }) => from));
      expect(first).toBeGreaterThanOrEqual(HEADER_BYTES + loadedBytes);
    });

    test('the demo answers while another model is imported, which then waits to be opened', async ({ page, serve }) => {
      const hub = await serve({ pace: SLOW });
      await open(page);
      await page.getByTestId('start-demo').click();
      await page.getByTestId('model-menu').click();
      await askFor(hub, page.getByTestId('models-dialog'));
      await expect(page.getByTestId('models-dialog')).toHaveCount(0);
      const transfer = page.getByTestId('transfer');
      await expect(transfer).toHaveAttribute('data-state', 'running');
      await answers(page, sums);
      await expect(transfer).toHaveAttribute('data-state', 'running');
      await expect(transfer).toHaveAttribute('data-state', 'done');
      await expect(transfer).toContainText(ready);
      await transfer.getByTestId('transfer-open').click();
      await expect(page.getByTestId('composer-input')).toBeVisible();
      await expect(page.getByTestId('demo-chip')).toHaveCount(0);
      await expect(transfer).toHaveCount(0);
    });

    test('a second tab that asks for the same shows the progress of the first', async ({ page, context, serve }) => {
      const hub = await serve({ pace: SLOW });
      await open(page);
      const other = await context.newPage();
      await open(other);
      await askFor(hub, page);
      await whenSent(hub, 500_000);
      await askFor(hub, other);
      await expect(other.getByTestId('import-progress')).toContainText(elsewhere);
      // Both want to open it in the end; one of them finds that the other has it.
      const opened = [page, other].map((tab) => tab.getByTestId('composer-input'));
      for (const tab of [page, other]) {
        await expect(tab.getByTestId('composer-input').or(tab.getByTestId('other-tab'))).toBeVisible();
      }
      expect((await Promise.all(opened.map((composer) => composer.count()))).sort()).toEqual([0, 1]);
      expect(bytesSentTwice(hub.requests, WEIGHTS, FIRST_REQUEST)).toBe(0);
    });

    test('too little room is said in numbers before anything is stored', async ({
      playwright,
      baseURL,
      serve,
      origins,
    }) => {
      const hub = await serve();
      const options = chromiumLaunchOptions('software');
      // Chromium tells every page of 10 GiB unless this is off; what it allows is as set below either way.
      const args = [...options.args, '--disable-features=StaticStorageQuota'];
      const browser = await playwright.chromium.launch({ ...options, args });
      origins.watch(browser);
      const page = await browser.newPage({ locale, baseURL: baseURL! });
      await open(page);
      await setQuota(page, 500_000);
      await askFor(hub, page);
      const error = page.getByTestId('error-banner');
      await expect(error).toHaveAttribute('data-error', 'StorageFullError');
      await expect(error).toContainText(room);
      expect(await record(page, 'journal')).toBeUndefined();
      await error.getByTestId('free-space').click();
      await expect(page.getByTestId('room-figures')).toHaveAttribute('data-free', /^\d{1,6}$/);
      await browser.close();
    });

    test('a flipped byte is found by checking and mended from its own bytes, and so it is where loading finds it', async ({
      page,
      serve,
    }) => {
      const hub = await serve();
      await page.addInitScript(() => {
        window.timesAsked = 0;
        navigator.storage.persist = async () => window.timesAsked++ < 0;
      });
      await open(page);
      expect(await page.evaluate(() => window.timesAsked)).toBe(0);
      await askFor(hub, page);
      await expect(page.getByTestId('composer-input')).toBeVisible();
      expect(await page.evaluate(() => window.timesAsked)).toBe(1);
      await page.getByTestId('model-menu').click();
      await page.getByTestId('models-dialog').getByTestId('storage-link').click();
      const care = page.getByTestId('care');
      await page.getByTestId('verify').click();
      await expect(care).toHaveText(text.storage.whole);
      await flipByte(page, 5);
      await page.getByTestId('verify').click();
      await expect(care).toHaveText(`${text.storage.damaged.one} ${text.storage.repairNote}`);
      hub.requests.length = 0;
      await page.getByTestId('care-repair').click();
      await expect(care).toHaveText(text.storage.repaired);
      expect(weightBytes(hub)).toBeLessThan(weights.length / 2);
      await page.getByTestId('verify').click();
      await expect(care).toHaveAttribute('data-state', 'whole');

      await flipByte(page, 5);
      await page.goto('./');
      await page.getByTestId('continue-model').click();
      await expect(page.getByTestId('error-banner')).toContainText(text.errors.ModelCorruptError);
      await page.getByTestId('error-action').click();
      await expect(page.getByTestId('composer-input')).toBeVisible();
      await answers(page, sums);
    });

    test('a model is deleted from the storage page, unless another tab uses it, and its room is free again', async ({
      page,
      context,
    }) => {
      await open(page);
      await page.getByTestId('start-demo').click();
      await expect(page.getByTestId('composer-input')).toBeVisible();
      await page.goto('./#storage');
      await page.reload();
      const figures = page.getByTestId('room-figures');
      const used = async () => Number(await figures.getAttribute('data-used'));
      await expect.poll(used).toBeGreaterThan(1_000_000);
      await expect(page.getByTestId('persistence')).toContainText(text.storage.notPersisted);
      const other = await context.newPage();
      await other.goto('./');
      await other.getByTestId('continue-model').click();
      await expect(other.getByTestId('composer-input')).toBeVisible();
      await page.getByTestId('storage-remove').click();
      await page.getByTestId('storage-remove-confirm').click();
      await expect(page.getByTestId('error-banner')).toContainText(text.errors.ModelInUseError);
      await other.close();
      await page.getByTestId('storage-remove').click();
      await expect(page.getByTestId('storage-remove-confirm')).toBeFocused();
      await page.getByTestId('storage-remove-confirm').click();
      await expect(page.getByTestId('storage-model')).toHaveCount(0);
      await expect(page.getByTestId('storage-screen')).toContainText(text.storage.none);
      await expect.poll(() => record(page, 'chunk')).toBeUndefined();
      await page.getByTestId('storage-back').click();
      await expect(page.getByTestId('start-demo')).toBeVisible();
    });
  });
}

/** Bytes that the page takes, once what it has written at its start is counted. */
async function settledUsage(page: Page): Promise<number> {
  let [before, usage] = [-1, 0];
  while (usage !== before) {
    before = usage;
    await page.waitForTimeout(1000);
    ({ usage = 0 } = await page.evaluate(() => navigator.storage.estimate()));
  }
  return usage;
}

test('a disk that fills up in the middle loses nothing, and the import goes on when there is room', async ({
  page,
  serve,
}) => {
  const hub = await serve();
  await open(page);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const usage = await settledUsage(page);
  // Room for some of the 1.4 MB. Chromium looks at it when writing begins, and then not for a while.
  await setQuota(page, usage + 700_000);
  await askFor(hub, page);
  const error = page.getByTestId('error-banner');
  await expect(error).toHaveAttribute('data-error', 'StorageFullError');
  await expect(error).toContainText('Nothing that is stored is lost');
  const { loadedBytes } = await record<{ loadedBytes: number }>(page, 'journal');
  expect(loadedBytes).toBeGreaterThan(0);
  await setQuota(page, 1_000_000_000);
  const before = hub.requests.length;
  await error.getByTestId('error-action').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
  await answers(page, 'What is 27 + 15?');
  expect(firstByteSince(before, hub)).toBeGreaterThanOrEqual(HEADER_BYTES + loadedBytes);
});

test('what is stored of a cancelled import is kept or deleted, as the reader wants', async ({ page, serve }) => {
  const hub = await serve({ pace: SLOW });
  await open(page);
  await askFor(hub, page);
  await whenSent(hub, 1_500_000);
  await page.getByTestId('import-cancel').click();
  await page.getByTestId('transfer-keep').click();
  const transfer = page.getByTestId('transfer');
  await expect(transfer).toHaveAttribute('data-state', 'paused');
  await transfer.getByTestId('transfer-cancel').click();
  await transfer.getByTestId('transfer-delete').click();
  await expect(transfer).toHaveCount(0);
  await expect.poll(() => record(page, 'chunk')).toBeUndefined();
  await expect.poll(() => record(page, 'journal')).toBeUndefined();
});

test('without a network an import waits, and goes on by itself when there is one', async ({ page, context, serve }) => {
  const hub = await serve({ pace: SLOW });
  await open(page);
  await askFor(hub, page);
  await whenSent(hub, 1_000_000);
  await context.setOffline(true);
  await expect(page.getByTestId('import-progress')).toContainText('goes on by itself');
  await context.setOffline(false);
  await expect(page.getByTestId('composer-input')).toBeVisible();
});
