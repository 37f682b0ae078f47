import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { chromium, type Page } from '@playwright/test';
import { preview } from 'vite';
import { chromiumLaunchOptions } from './chromium';
import { expect, test } from './fixtures';
import { holdBack, slowDown } from './pageWorkers';

/** The app as an installed one: on a profile that outlives the browser, from a site that changes and goes away. */

const PICTURE = 'e2e/nano/pictures/shapes-3.png';
const HEADERS = ['content-security-policy', 'referrer-policy', 'x-content-type-options'];

async function ask(page: Page, question: string): Promise<string> {
  const done = page.locator('[data-testid=message-assistant][data-state=done]');
  const before = await done.count();
  await page.getByTestId('composer-input').fill(question);
  await page.getByTestId('send').click();
  await expect(done).toHaveCount(before + 1);
  return (await done.last().getByTestId('message-text').textContent()) ?? '';
}

/** A copy of the built app under an address of its own. */
async function serveCopy(folder: string) {
  cpSync('dist', `${folder}/dist`, { recursive: true });
  const server = await preview({ configFile: false, root: folder, preview: { host: '127.0.0.1', port: 5300 } });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}

/** Puts another build into the place of the one in `folder`. */
function changeBuild(folder: string): void {
  const change = (file: string, from: RegExp, to: string) => {
    const path = `${folder}/dist/${file}`;
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  change('index.html', /<html /, '<html data-build="next" ');
  change('sw.js', /"version":"\w+"/, '"version":"next"');
}

/** Has the browser look for a new version, and waits until it is fetched. */
async function fetchUpdate(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!;
    await registration.update();
    const worker = registration.installing;
    if (worker) await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
    await new Promise(requestAnimationFrame);
  });
}

/** Registers the service worker, and waits for what becomes of it. */
function install(page: Page): Promise<ServiceWorkerState> {
  return page.evaluate(async () => {
    const { installing, waiting, active } = await navigator.serviceWorker.register('./sw.js');
    const worker = (installing ?? waiting ?? active)!;
    while (worker.state === 'installing')
      await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
    return worker.state;
  });
}

test('a page that a host sends in place of a file is not kept for offline use', async ({ page, origins }, testInfo) => {
  const site = testInfo.outputPath('site');
  const server = await serveCopy(site);
  origins.allow(server.url);
  const assets = `${site}/dist/assets`;
  const file = readdirSync(assets).find((name) => name.startsWith('highlight-'))!;
  renameSync(`${assets}/${file}`, `${site}/${file}`);
  await page.goto(server.url);
  const answer = await page.request.get(`${server.url}assets/${file}`);
  expect([answer.status(), answer.headers()['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  expect(await install(page)).toBe('redundant');
  renameSync(`${site}/${file}`, `${assets}/${file}`);
  expect(await install(page)).not.toBe('redundant');
  const kept = await page.evaluate(
    async (url) => (await caches.match(url))?.headers.get('Content-Type'),
    `assets/${file}`,
  );
  expect(kept).toMatch(/javascript/);
  await server.close();
});

test('a page whose engine never starts is kept for offline use after a while, all the same', async ({ page }) => {
  await page.clock.install();
  await page.route('**/assets/engine.worker-*.js', () => new Promise(() => undefined));
  const registrations = () => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeVisible();
  expect(await registrations()).toBe(0);
  // First the wait for the engine, then for the page to be idle.
  await page.clock.fastForward(10_000);
  await page.clock.fastForward(10_000);
  await expect.poll(registrations).toBe(1);
});

test('installed, updated on consent, started without a network, given a share, taken away in an answer', async ({
  request,
  origins,
}, testInfo) => {
  const site = testInfo.outputPath('site');
  const profile = testInfo.outputPath('profile');
  const server = await serveCopy(site);
  origins.allow(server.url);
  const launch = async () => {
    const context = await chromium.launchPersistentContext(profile, {
      ...testInfo.project.use,
      ...chromiumLaunchOptions('none'),
    });
    origins.watch(context);
    return { context, page: context.pages()[0]! };
  };

  const first = await launch();
  let { page } = first;
  await page.goto(server.url);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  const devtools = await first.context.newCDPSession(page);
  expect((await devtools.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
  const { errors } = await devtools.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  await page.getByTestId('start-demo').click();
  expect(await ask(page, 'What is 27 + 15?')).toContain('42');

  // It waits for the end of an answer, and then for the reader.
  const letGo = await holdBack(page);
  await page.getByTestId('composer-input').fill('What is 3 + 4?');
  await page.getByTestId('send').click();
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).toHaveAttribute('data-state', 'streaming');
  changeBuild(site);
  await fetchUpdate(page);
  const note = page.getByTestId('update');
  await expect(note).toHaveCount(0);
  await expect(answer).toHaveAttribute('data-state', 'streaming');
  await letGo();
  await expect(answer).toContainText('7');
  await expect(note).toBeVisible();
  await page.getByTestId('composer-input').fill('half a thought');
  await expect(page.locator('html')).not.toHaveAttribute('data-build');
  await page.getByTestId('update-now').click();
  await expect(page.locator('html')).toHaveAttribute('data-build', 'next');
  await expect(page.getByTestId('draft-note')).toBeVisible();
  await expect(note).toHaveCount(0);
  const cached = await page.evaluate(async () => {
    const caching = (await caches.keys()).map(async (name) => (await caches.open(name)).keys());
    return (await Promise.all(caching)).flat().map(({ url }) => url);
  });
  expect(cached.length).toBeGreaterThan(10);
  expect(cached.filter((url) => /models|safetensors/.test(url))).toEqual([]);
  await first.context.close();
  await server.close();

  const second = await launch();
  ({ page } = second);
  await second.context.setOffline(true);
  await page.goto(server.url);
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('composer-input')).toHaveValue('half a thought');
  expect(await ask(page, 'What is 8 + 9?')).toContain('17');
  const landed = await page.evaluate(
    async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const form = new FormData();
      form.set('title', 'A page');
      form.set('url', 'https://example.org/a');
      form.append('pictures', new File([bytes], 'a.png', { type: 'image/png' }));
      return (await fetch('./share', { method: 'POST', body: form })).url;
    },
    readFileSync(PICTURE, 'base64'),
  );
  expect(landed).toBe(server.url);
  await page.goto(server.url);
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('composer-input')).toHaveValue('A page\nhttps://example.org/a');
  await expect(page.getByTestId('picture-tray').getByTestId('picture')).toHaveCount(1);
  await expect(page.getByTestId('message-user')).toHaveCount(0);
  // The shortcut for a new conversation opens the model by itself.
  await page.goto('about:blank');
  await page.goto(`${server.url}#new`);
  await expect(page.getByTestId('composer-input')).toBeVisible();

  // A phone puts the app to sleep, and then needs its memory.
  await slowDown(page, 300);
  await page.getByTestId('composer-input').fill('Who are you?');
  await page.getByTestId('send').click();
  await expect(page.getByTestId('message-text')).toHaveText(/\w{2}/);
  await holdBack(page);
  // Playwright keeps every page in sight.
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const suspending = await second.context.newCDPSession(page);
  await suspending.send('Page.setWebLifecycleState', { state: 'frozen' });
  const crashed = page.waitForEvent('crash');
  void suspending.send('Page.crash').catch(() => undefined);
  await crashed;
  await page.close();
  page = await second.context.newPage();
  await page.goto(server.url);
  await expect(page.getByTestId('interrupted-note')).toBeVisible();
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('message-assistant')).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('message-text')).toContainText('model that runs in your browser');
  await second.context.close();
  expect(origins.ofServiceWorkers).toBeGreaterThan(0);

  // Hosts that read the headers file send the policy with every file, and so does the preview.
  const { headers } = await request.get('./').then((response) => ({ headers: response.headers() }));
  const file = readFileSync('dist/_headers', 'utf8').toLowerCase();
  for (const name of HEADERS) expect(file).toContain(`${name}: ${headers[name]!.toLowerCase()}`);
});
