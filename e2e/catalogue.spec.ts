import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { CATALOGUE } from '../src/catalogue/models';
import { en } from '../src/i18n/en';
import { zh } from '../src/i18n/zh';
import { expect, test } from './fixtures';

/** Getting a model from the list, from a site of one's own, which gives the demo model whatever it is asked for. */

/** The one that is recommended without a GPU. */
const MODEL = 'minicpm4-0.5b';

async function open(page: Page, url: string): Promise<void> {
  await page.goto('./');
  await page.getByTestId('sources').locator('summary').first().click();
  await page.getByTestId('source-own').check();
  await page.getByTestId('own-source').fill(url);
  await page.getByTestId('own-source-use').click();
}

const offer = (page: Page, id: string) => page.locator(`[data-testid=offer][data-model="${id}"]`);

/** As far as the button that begins the download. */
async function agree(page: Page): Promise<void> {
  await offer(page, MODEL).getByTestId('offer-get').click();
  const dialog = page.getByTestId('download-dialog');
  const licence = dialog.getByTestId('accept-licence');
  if (await licence.isVisible()) await licence.check();
  await dialog.getByTestId('download-start').click();
}

for (const [locale, { catalogue, storage }, time] of [
  ['en-GB', en, 'about 7 min, at 2 MB per second as last time'],
  ['zh-CN', zh, '约7分钟，按上次每秒 2 MB 计算'],
] as const) {
  test.describe(locale, () => {
    test.use({ locale });

    test('a model is chosen, its licence accepted, and it answers', async ({ page, serve }) => {
      const hub = await serve();
      // What the last download has been measured at.
      await page.addInitScript(() => localStorage.setItem('minicpm.downloadSpeed', '2000000'));
      await open(page, hub.url);
      await expect(page.getByTestId('source-current')).toHaveText(new URL(hub.url).host);
      await expect(offer(page, MODEL).getByTestId('recommended')).toHaveText(catalogue.recommended);
      await expect(offer(page, MODEL).getByTestId('offer-fit')).toContainText(catalogue.verdicts.fits);
      await offer(page, MODEL).getByTestId('offer-get').click();
      const dialog = page.getByTestId('download-dialog');
      await expect(dialog.getByTestId('licence')).toContainText('Apache License 2.0');
      await expect(dialog.getByTestId('verdict')).toHaveText(catalogue.verdicts.fits);
      await expect(dialog).toContainText(time);
      await expect(dialog.getByTestId('download-start')).toBeDisabled();
      // Not a byte before the licence.
      expect([...hub.requests, ...hub.apiRequests]).toEqual([]);
      await dialog.getByTestId('context-choice').selectOption('1024');
      await dialog.getByTestId('accept-licence').check();
      await dialog.getByTestId('download-start').click();
      await expect(page.getByTestId('composer-input')).toBeVisible();
      expect(hub.apiRequests[0]!.path).toContain('openbmb/MiniCPM4-0.5B-QAT-Int4-unquantized');
      await page.getByTestId('composer-input').fill('What is 2 + 3?');
      await page.getByTestId('send').click();
      await expect(page.getByTestId('message-assistant')).toHaveAttribute('data-state', 'done');
      await page.goto('./#storage');
      await expect(page.getByTestId('storage-screen')).toContainText(storage.checkedYes);
      await page.getByTestId('storage-back').click();

      await page.reload();
      await expect(page.getByTestId('source-current')).toHaveText(new URL(hub.url).host);
      await expect(offer(page, MODEL).getByTestId('offer-get')).toHaveCount(0);
      // The same licence is accepted once.
      await offer(page, 'minicpm5-1b').getByTestId('offer-get').click();
      await expect(page.getByTestId('licence-accepted')).toBeVisible();
      await expect(page.getByTestId('download-start')).toBeEnabled();
      await page.keyboard.press('Escape');
      await expect(page.getByTestId('download-dialog')).toHaveCount(0);
    });
  });
}

test('a site that asks for permission gets the token that it was given, and nobody else does', async ({
  page,
  serve,
}) => {
  const hub = await serve({ token: 'secret-token' });
  const other = await serve();
  await open(page, hub.url);
  await agree(page);
  await expect(page.getByTestId('error-banner')).toContainText(en.errors.accessDenied);
  await page.getByTestId('sources').locator('summary').first().click();
  await page.getByTestId('tokens').locator('summary').click();
  await page.getByTestId('token-input').fill('two words');
  await page.getByTestId('token-keep').click();
  await expect(page.getByTestId('token-input')).toHaveAttribute('aria-invalid', 'true');
  await page.getByTestId('token-input').fill('secret-token');
  await page.getByTestId('token-keep').click();
  await expect(page.getByTestId('token-kept')).toBeVisible();
  await agree(page);
  await expect(page.getByTestId('composer-input')).toBeVisible();
  expect(hub.requests.length).toBeGreaterThan(0);
  expect(hub.apiRequests.at(-1)!.authorization).toBe('Bearer secret-token');
  // It is not for the server to which the site sends everybody for the files.
  expect(new Set(hub.requests.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));

  await open(page, other.url);
  await page.getByTestId('tokens').locator('summary').click();
  await expect(page.getByTestId('token-input')).toHaveCount(1);
  await page.getByTestId('url-input').fill('openbmb/other');
  await page.getByTestId('licence-accept').check();
  await page.getByTestId('url-import').click();
  await expect.poll(() => other.requests.length).toBeGreaterThan(0);
  const sent = [...other.requests, ...other.apiRequests].map(({ authorization }) => authorization);
  expect(new Set(sent)).toEqual(new Set([undefined]));
});

test('a token can be forgotten', async ({ page, serve }) => {
  await open(page, (await serve()).url);
  await page.getByTestId('tokens').locator('summary').click();
  await page.getByTestId('token-input').fill('secret-token');
  await page.getByTestId('token-keep').click();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).toContain('secret-token');
  await page.getByTestId('token-forget').click();
  await expect(page.getByTestId('token-input')).toBeFocused();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('secret-token');
});

test('a wrong source is named in a sentence, before it is asked or after', async ({ page, origins }) => {
  await open(page, 'ftp://example.org');
  await expect(page.getByTestId('own-source')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByTestId('sources')).toContainText(en.sources.ownInvalid);
  // Nobody listens there.
  origins.allow('http://127.0.0.1:9');
  await page.getByTestId('own-source').fill('http://127.0.0.1:9');
  await page.getByTestId('own-source-use').click();
  await agree(page);
  await expect(page.getByTestId('error-banner')).toContainText(en.errors.NetworkError);
  await expect(page.getByTestId('error-banner')).toContainText('127.0.0.1:9');
});

test('what there is no room for is said to not fit, and not downloaded', async ({ page }) => {
  // What the browser tells the engine, which looks from its worker.
  await page.route('**/engine.worker-*.js', async (route) => {
    const response = await route.fetch();
    const estimate = 'navigator.storage.estimate = async () => ({ usage: 0, quota: 100e6 });';
    await route.fulfill({ response, body: estimate + (await response.text()) });
  });
  await page.goto('./');
  await page.getByTestId('catalogue-all').click();
  await expect(page.locator('[data-testid=offer][data-verdict=no-storage]')).toHaveCount(CATALOGUE.length);
  await expect(page.getByTestId('recommended')).toHaveCount(0);
  await expect(offer(page, MODEL).getByTestId('offer-fit')).toHaveText('Does not fit: 159 MB of storage are missing.');
  await expect(offer(page, MODEL).getByTestId('offer-get')).toHaveText(en.catalogue.details);
  await offer(page, MODEL).getByTestId('offer-get').click();
  await page.getByTestId('accept-licence').check();
  await expect(page.getByTestId('download-start')).toBeDisabled();
});

test('a file that the system opens the installed page with is imported', async ({ page }) => {
  await page.addInitScript(() => {
    const getFile = async () => new File(['GGUF and then nothing of use'], 'broken.gguf');
    const launchQueue = { setConsumer: (consume: (params: object) => void) => consume({ files: [{ getFile }] }) };
    Object.defineProperty(window, 'launchQueue', { value: launchQueue });
  });
  await page.goto('./');
  await expect(page.getByTestId('error-banner')).toHaveAttribute('data-error', 'InvalidFileError');
  const manifest = JSON.parse(readFileSync('public/manifest.webmanifest', 'utf8')) as { file_handlers: object[] };
  expect(manifest.file_handlers).toEqual([{ action: './', accept: { 'application/octet-stream': ['.gguf'] } }]);
});
