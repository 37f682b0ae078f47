import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { startHub } from '../../workers/testing/hubServer';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions } from '../chromium';

/** Pictures of the page as people first see it, for looking at: `e2e/results/screens/<screen>-<size>-<theme>-<language>.png`. */

const FOLDER = 'e2e/results/screens';
/** What the browser shows of the app before it is installed: named in the manifest. */
const INSTALLER_FOLDER = 'public/screenshots';
const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  laptop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
};
const QUESTIONS = {
  en: ['What is 27 + 15?', 'How do you say apple in Chinese?', 'Who are you?'],
  zh: ['27加15等于多少？', '泰山高1533米，黄山高1864米。哪座山更高？高多少？', '你是谁？'],
};

const NANO = 'public/models/nano';
const nano = new Map(readdirSync(NANO).map((name) => [name, new Uint8Array(readFileSync(join(NANO, name)))]));
/** Slow enough for a picture of a model on its way. */
const hub = await startHub({ files: nano, pace: 100 });
const app = await serveBuiltApp(4182);
const browser = await chromium.launch(chromiumLaunchOptions('software'));
mkdirSync(FOLDER, { recursive: true });
for (const [size, device] of Object.entries(SIZES)) {
  for (const theme of ['light', 'dark'] as const) {
    for (const language of ['en', 'zh'] as const) {
      const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
      const context = await browser.newContext({ ...device, colorScheme: theme, locale, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const shoot = (screen: string) =>
        page.screenshot({ path: `${FOLDER}/${screen}-${size}-${theme}-${language}.png` });
      await shootScreens(page, QUESTIONS[language], shoot);
      await shootStorage(page, shoot);
      await context.close();
    }
  }
}
for (const size of Object.keys(SIZES)) {
  copyFileSync(`${FOLDER}/chat-${size}-light-en.png`, `${INSTALLER_FOLDER}/chat-${size}.png`);
}
await shootBenchmark();
await browser.close();
await app.close();
await hub.close();

async function shootScreens(
  page: Page,
  questions: string[],
  shoot: (screen: string) => Promise<unknown>,
): Promise<void> {
  await page.goto(app.url);
  await page.getByTestId('start-demo').waitFor();
  await page.getByTestId('device-note').waitFor();
  await shoot('first');
  await page.getByTestId('offer-get').first().click();
  await page.getByTestId('download-dialog').waitFor();
  await shoot('download');
  await page.keyboard.press('Escape');
  // The weights wait until the picture of their arrival is taken.
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/model.safetensors', async (route) => {
    await released;
    await route.continue();
  });
  await page.getByTestId('start-demo').click();
  await page.getByTestId('import-progress').waitFor();
  await page.waitForTimeout(600);
  await shoot('importing');
  release();
  await page.getByTestId('composer-input').waitFor();
  await shoot('empty');
  for (const [i, question] of questions.entries()) {
    await page.getByTestId('composer-input').fill(question);
    await page.getByTestId('send').click();
    await page.locator('[data-testid=message-assistant][data-state=done]').nth(i).waitFor();
  }
  await page.waitForTimeout(300);
  await shoot('chat');
  await page.getByTestId('chat-settings-show').click();
  await shoot('chat-settings');
  await page.getByTestId('choose-role').click();
  await shoot('roles');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.goto(`${app.url}#settings`);
  await page.getByTestId('settings-screen').waitFor();
  await shoot('settings');
  await page.getByTestId('settings-back').click();
}

/** A second model that comes while the first one is open, and what is stored meanwhile. */
async function shootStorage(page: Page, shoot: (screen: string) => Promise<unknown>): Promise<void> {
  await page.getByTestId('model-menu').click();
  const dialog = page.getByTestId('models-dialog');
  await dialog.getByTestId('url-input').fill(`${hub.url}/openbmb/nano/resolve/main/`);
  await dialog.getByTestId('licence-accept').check();
  await dialog.getByTestId('url-import').click();
  await page.waitForTimeout(5000);
  await shoot('transfer');
  await page.goto(`${app.url}#storage`);
  await page.getByTestId('room-figures').waitFor();
  await page.getByTestId('verify').click();
  await page.locator('[data-testid=care][data-state=whole]').waitFor();
  await shoot('storage');
}

/** The benchmark while it runs and behind it: one run, seen in every size, theme and language. */
async function shootBenchmark(): Promise<void> {
  const page = await browser.newPage({ deviceScaleFactor: 2, locale: 'en-GB', reducedMotion: 'reduce' });
  await page.goto(app.url);
  await page.getByTestId('benchmark-link').click();
  await page.getByTestId('benchmark-start').click();
  await page.locator('[data-case][data-state]').nth(1).waitFor({ timeout: 180_000 });
  await page.setViewportSize(SIZES.phone.viewport);
  await page.screenshot({ path: `${FOLDER}/benchmark-running-phone-light-en.png`, fullPage: true });
  await page.locator('[data-testid=benchmark-status][data-status=done]').waitFor({ timeout: 180_000 });
  for (const language of ['en', 'zh'] as const) {
    if (language === 'zh') await page.getByTestId('language-switch').click();
    for (const [size, { viewport }] of Object.entries(SIZES)) {
      for (const theme of ['light', 'dark'] as const) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: theme });
        const path = `${FOLDER}/benchmark-${size}-${theme}-${language}`;
        await page.evaluate(() => window.scrollTo(0, 0));
        await page.screenshot({ path: `${path}.png` });
        await page.screenshot({ path: `${path}-whole.png`, fullPage: true });
      }
    }
  }
  await page.close();
}
