import type { Page } from '@playwright/test';
import { en } from '../src/i18n/en';
import { zh } from '../src/i18n/zh';
import { accessibilityProblems, keyboardProblems } from './accessibility';
import { firstFiles, plainName, shellSizes } from './bundle';
import { chromiumLaunchOptions } from './chromium';
import { expect, test } from './fixtures';
import { measureHistory } from './pageSpeed';
import { LAPTOP, PHONE, RIVERS, VISITS } from './screens';
import { openAtStart, seedChats } from './seedChats';

/**
 * What holds on every screen: no violation that axe-core finds, fields that phones do not zoom into, nothing wider than the
 * window, everything within reach of the keyboard. In a browser without WebGPU, since nothing here depends on what computes.
 */

const options = chromiumLaunchOptions('none');
test.use({ launchOptions: { ...options, args: [...options.args, '--use-fake-device-for-media-stream'] } });

interface Look {
  size: typeof PHONE;
  theme: 'light' | 'dark';
}
/** Every pair of language, theme and size is seen. */
const LOOKS: ['en' | 'zh', Look[]][] = [
  [
    'en',
    [
      { size: PHONE, theme: 'dark' },
      { size: LAPTOP, theme: 'light' },
    ],
  ],
  [
    'zh',
    [
      { size: LAPTOP, theme: 'dark' },
      { size: PHONE, theme: 'light' },
    ],
  ],
];

/** What observes sizes is told in a frame, and what it changes is there in the next one. */
async function answerToSize(page: Page): Promise<void> {
  const frame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
  for (let frames = 0; frames < 3; frames++) await page.evaluate(frame);
}

/** Changes the language where the page stands, also behind a dialog. */
async function speak(page: Page, language: 'en' | 'zh'): Promise<void> {
  const isSpoken = (tag: string) => document.documentElement.lang.startsWith(tag);
  if (await page.evaluate(isSpoken, language)) return;
  await page.setViewportSize(LAPTOP);
  await page.getByTestId('language-switch').dispatchEvent('click');
  await page.waitForFunction(isSpoken, language);
}

for (const [visit, screens] of Object.entries(VISITS)) {
  test(`axe and the keyboard find nothing amiss on any screen ${visit}`, async ({ page, context, serve }) => {
    page.setDefaultTimeout(20_000);
    await context.grantPermissions(['camera']);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await seedChats(page, [RIVERS]);
    await openAtStart(page, RIVERS);
    await page.goto('./');
    for (const { name, enter, renew, leave } of screens) {
      await speak(page, 'en');
      await page.setViewportSize(LAPTOP);
      await enter(page, serve);
      expect.soft(await keyboardProblems(page), `${name}, by keyboard`).toEqual([]);
      for (const [language, looks] of LOOKS) {
        await speak(page, language);
        if (language === 'zh') await renew?.(page);
        for (const { size, theme } of looks) {
          await page.setViewportSize(size);
          await page.emulateMedia({ colorScheme: theme });
          await answerToSize(page);
          const where = `${name}, ${language}, ${size.width} points, ${theme}`;
          expect.soft(await accessibilityProblems(page), where).toEqual([]);
        }
      }
      expect.soft(await page.evaluate(() => document.getAnimations().length), `${name}: motion`).toBe(0);
      await leave?.(page);
    }
  });
}

test('shortcuts work beside fields only, and dialogs give the focus back', async ({ page }) => {
  page.setDefaultTimeout(20_000);
  await seedChats(page, [RIVERS]);
  await openAtStart(page, RIVERS);
  await page.goto('./');
  await page.getByTestId('settings-link').press('Enter');
  await page.getByTestId('settings-back').press('Enter');
  await expect(page.getByTestId('settings-link')).toBeFocused();
  await page.getByTestId('offer-get').first().press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('offer-get').first()).toBeFocused();

  await page.getByTestId('start-demo').press('Enter');
  const input = page.getByTestId('composer-input');
  const questions = page.getByTestId('message-user');
  await expect(questions).toHaveCount(1);

  // A button that goes when it is pressed leaves the keyboard at the list.
  const size = page.viewportSize()!;
  await page.setViewportSize({ ...size, height: 360 });
  const list = page.getByRole('region', { name: 'Conversation' });
  await list.press('Home');
  // The browser glides there, and a glide that is under way goes on behind the next press.
  await expect.poll(() => list.evaluate(({ scrollTop }) => scrollTop)).toBe(0);
  await page.getByTestId('to-latest').press('Enter');
  await expect(page.getByTestId('to-latest')).toHaveCount(0);
  await expect(list).toBeFocused();
  await page.setViewportSize(size);

  // What is typed is text, also where it is a shortcut elsewhere.
  await input.focus();
  await page.keyboard.type('n?b/m');
  await expect(input).toHaveValue('n?b/m');
  await expect(page.locator('dialog')).toHaveCount(0);
  await input.fill('');
  await page.keyboard.press('Escape');
  await expect(input).not.toBeFocused();

  await page.keyboard.press('Shift+?');
  const help = page.getByTestId('shortcuts-sheet');
  await expect(help).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(help).toHaveCount(0);
  await page.keyboard.press('/');
  await expect(page.getByTestId('history-search')).toBeFocused();
  await page.getByTestId('model-menu').focus();
  await page.keyboard.press('b');
  await expect(page.getByTestId('history-search')).toHaveCount(0);
  await page.keyboard.press('b');
  await expect(page.getByTestId('history-search')).toBeVisible();
  await page.keyboard.press('m');
  await expect(page.getByTestId('models-dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('model-menu')).toBeFocused();
  await page.keyboard.press('c');
  await expect(input).toBeFocused();
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await expect(questions).toHaveCount(0);
  await expect(input).toBeFocused();

  // A note goes with its button.
  const notAPicture = { name: 'words.png', mimeType: 'image/png', buffer: Buffer.from('words') };
  await page.getByTestId('picture-files').setInputFiles(notAPicture);
  await page.getByTestId('picture-problem').getByRole('button').press('Enter');
  await expect(input).toBeFocused();

  // Escape leaves what is uppermost.
  for (const opens of ['chat-settings-show', 'choose-role', 'role-add']) await page.getByTestId(opens).press('Enter');
  for (const opened of ['role-add', 'choose-role', 'chat-settings-show']) {
    await page.keyboard.press('Escape');
    await expect(page.getByTestId(opened)).toBeFocused();
  }

  await page.getByTestId('shortcuts-show').press('Enter');
  await page.getByTestId('shortcuts-switch').uncheck();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('shortcuts-show')).toBeFocused();
  await page.keyboard.press('Shift+?');
  await expect(help).toHaveCount(0);
});

test('a thousand conversations are listed and searched at once, and a long one opens at once', async ({ page }) => {
  const times = await measureHistory(page);
  // Processor time of the page's thread, less what a shared or slower processor adds to it; BENCHMARKS.md has the figures.
  for (const name of ['list', 'first search', 'search', 'search in vain'] as const)
    expect(times[name].quiet, name).toBeLessThan(100);
  expect(times.open.quiet).toBeLessThan(1000);
});

test.describe(() => {
  // What the service worker answers cannot be held back.
  test.use({ serviceWorkers: 'block' });

  test('the first words are there before the scripts, in the language of the reader, and stay where they are', async ({
    page,
  }) => {
    let release: () => void = () => undefined;
    await page.route('**/assets/first-*.js', async (route) => {
      await new Promise<void>((resolve) => (release = resolve));
      await route.continue();
    });
    const texts: string[] = [];
    page.on('request', (request) => texts.push(...(/\/assets\/(?:en|zh)-/.exec(request.url()) ?? [])));
    const words = page.locator('.first-picture :is(h1, .lead)').filter({ visible: true });
    for (const [language, dictionary] of [
      ['en', en],
      ['zh', zh],
    ] as const) {
      texts.length = 0;
      await page.goto('./', { waitUntil: 'commit' });
      await expect(words).toHaveText([dictionary.start.heading, dictionary.start.lead]);
      await expect.poll(() => texts).toEqual([`/assets/${language}-`]);
      const place = await words.last().boundingBox();
      release();
      await expect(page.getByTestId('start-demo')).toBeEnabled();
      await expect(words).toHaveCount(0);
      expect(await page.locator('#content .intro > .lead').boundingBox()).toEqual(place);
      expect(texts).toEqual([`/assets/${language}-`]);
      await page.getByTestId('language-switch').click();
      await expect(page.getByRole('heading', { level: 1 })).not.toHaveText(dictionary.start.heading);
    }
    // Where an address leads elsewhere, only the name is shown.
    await page.goto('about:blank');
    await page.goto('./#settings', { waitUntil: 'commit' });
    await expect(page.locator('.first-picture .name')).toBeVisible();
    await expect(words).toHaveCount(0);
    release();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  });
});

/** Kilobytes, compressed. Whoever needs more has to say so here. */
const BUDGET = { shell: 700, first: 90, chunk: 30 };
const LARGE_CHUNKS: Record<string, number> = {
  'first.js': 60,
  'engine.worker.js': 120,
  'import.worker.js': 90,
  'mathml.js': 85,
  'highlight.js': 60,
  'parser.js': 55,
};

test('the app stays small: what is kept for offline use, what the first picture waits for, and each chunk', () => {
  const sizes = shellSizes();
  const sum = (files: Iterable<string>) => [...files].reduce((bytes, file) => bytes + sizes.get(file)!, 0);
  // At most 1.5 MB is the aim; the budget lies below, so that growth is noticed.
  expect(sum(sizes.keys())).toBeLessThan(BUDGET.shell * 1000);
  expect(firstFiles().length).toBeGreaterThan(1);
  expect(sum(firstFiles())).toBeLessThan(BUDGET.first * 1000);
  const over = [...sizes].filter(([file, size]) => size > 1000 * (LARGE_CHUNKS[plainName(file)] ?? BUDGET.chunk));
  expect(over).toEqual([]);
});
