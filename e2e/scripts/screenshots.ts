import { copyFileSync, mkdirSync } from 'node:fs';
import { chromium } from 'playwright';
import { startHub } from '../../workers/testing/hubServer';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions } from '../chromium';
import { nanoFiles } from '../nanoFiles';
import { SCENES } from '../screenshots/scenes';

/**
 * Pictures of the page, for looking at: `e2e/results/screens/<scene>-<size>-<theme>-<language>.png`. With arguments, only of
 * the looks `<size>-<theme>-<language>` that are named, and of 'benchmark'.
 */

const FOLDER = 'e2e/results/screens';
/** What the browser shows of the app before it is installed: named in the manifest. */
const INSTALLER_FOLDER = 'public/screenshots';
const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  laptop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
};
const wanted = process.argv.slice(2);
const isWanted = (look: string) => wanted.length === 0 || wanted.includes(look);

/** Slow enough for a picture of a model on its way. */
const hub = await startHub({ files: nanoFiles, pace: 100 });
const app = await serveBuiltApp(4182);
const browser = await chromium.launch(chromiumLaunchOptions('software'));
mkdirSync(FOLDER, { recursive: true });
for (const [size, device] of Object.entries(SIZES)) {
  for (const theme of ['light', 'dark'] as const) {
    for (const language of ['en', 'zh'] as const) {
      const look = `${size}-${theme}-${language}`;
      if (!isWanted(look)) continue;
      const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
      const context = await browser.newContext({ ...device, colorScheme: theme, locale, reducedMotion: 'reduce' });
      const page = await context.newPage();
      const stage = { page, language, url: app.url, hubUrl: hub.url };
      for (const { name, enter, leave, isLong = false } of SCENES) {
        await enter(stage);
        await page.screenshot({ path: `${FOLDER}/${name}-${look}.png` });
        if (isLong) await page.screenshot({ path: `${FOLDER}/${name}-${look}-whole.png`, fullPage: true });
        await leave?.(stage);
      }
      await context.close();
    }
  }
}
for (const size of Object.keys(SIZES)) {
  const look = `${size}-light-en`;
  if (isWanted(look)) copyFileSync(`${FOLDER}/chat-${look}.png`, `${INSTALLER_FOLDER}/chat-${size}.png`);
}
if (isWanted('benchmark')) await shootBenchmark();
await browser.close();
await app.close();
await hub.close();

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
