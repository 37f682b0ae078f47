import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { sampleChat } from '../src/testing/sampleChat';
import { firstFiles, plainName, shellSizes } from './bundle';
import { expect, test } from './fixtures';
import { measureHistory } from './pageSpeed';
import { openAtStart, seedChats } from './seedChats';

/**
 * What holds on every screen: no violation that axe-core finds, fields that phones do not zoom into, nothing wider than the
 * window, everything within reach of the keyboard. In a browser without WebGPU, since nothing here depends on what computes.
 */

const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const PHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1280, height: 800 };

const ANSWER = `## Rivers

A **river** is *moving* water, with $v = \\sqrt{2gh}$ and [a source](https://example.com/source).

- [x] long
- [ ] wide
1. one
   > quoted \`code\`

\`\`\`python
def flow(depth):  # metres
    return "fast" if depth < 2 else 'slow'
\`\`\`

| river | length |
|---|--:|
| Nile | 6650 |

$$
\\frac{a}{b} = \\sum_{i=0}^{n} x_i
$$`;
const rich = sampleChat(['Tell me about rivers.', ANSWER], {
  name: 'Rivers',
  instructions: 'Answer as a geographer.',
  updatedAt: 2,
});

interface Look {
  size: typeof PHONE;
  theme: 'light' | 'dark';
}
/** With the two languages, every pair of language, theme and size is seen. */
const LOOKS: Record<'en' | 'zh', [Look, Look]> = {
  en: [
    { size: LAPTOP, theme: 'light' },
    { size: PHONE, theme: 'dark' },
  ],
  zh: [
    { size: LAPTOP, theme: 'dark' },
    { size: PHONE, theme: 'light' },
  ],
};

/** Every screen and dialog: how to come there, and how to leave it again where the next one needs that. */
const SCENES: { name: string; enter: (page: Page) => Promise<void>; leave?: (page: Page) => Promise<void> }[] = [
  {
    name: 'first visit',
    enter: async (page) => {
      await page.goto('./');
      await page.getByTestId('catalogue-all').click();
      await page.getByTestId('device-note').waitFor();
    },
  },
  { name: 'download', enter: (page) => page.getByTestId('offer-get').first().click(), leave: escape },
  { name: 'storage, empty', enter: (page) => show(page, 'storage') },
  {
    name: 'conversation',
    enter: async (page) => {
      await page.goto('./');
      await page.getByTestId('start-demo').click();
      await page.locator('math').first().waitFor();
      await page.locator('.code-keyword').first().waitFor();
    },
  },
  {
    name: 'answer of the demo',
    enter: async (page) => {
      await page.getByTestId('composer-input').fill('What is 27 + 15?');
      await page.getByTestId('send').click();
      await page.locator('[data-testid=message-assistant][data-state=done]').nth(1).waitFor();
    },
  },
  { name: 'models', enter: (page) => page.getByTestId('model-menu').click(), leave: escape },
  { name: 'shortcuts', enter: (page) => page.keyboard.press('Shift+?'), leave: escape },
  {
    name: 'search',
    enter: async (page) => {
      await page.setViewportSize(LAPTOP);
      await page.getByTestId('history-search').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('river');
      await page.getByTestId('history-hit').waitFor();
    },
  },
  {
    name: 'conversation with its actions',
    enter: async (page) => {
      await page.setViewportSize(LAPTOP);
      await page.getByTestId('history-more').first().click();
    },
  },
  {
    name: 'data',
    enter: async (page) => {
      await page.setViewportSize(LAPTOP);
      await page.getByTestId('history-data').click();
    },
    leave: escape,
  },
  {
    name: 'new conversation, list in a drawer',
    enter: async (page) => {
      await page.setViewportSize(PHONE);
      await page.getByTestId('new-chat').click();
      await page.getByTestId('history-show').click();
    },
    leave: escape,
  },
  { name: 'storage', enter: (page) => show(page, 'storage') },
  { name: 'benchmark', enter: (page) => show(page, 'benchmark') },
  {
    name: 'device',
    enter: async (page) => {
      await show(page, 'device');
      await page.getByTestId('cost-device').fill('600');
      await page.getByTestId('cost-lifetime').fill('5');
      await page.getByTestId('cost-hours').fill('2');
      await page.getByTestId('cost-add').click();
      await page.getByTestId('cost-service-price').fill('2');
      await page.getByTestId('cost-rate').fill('-1');
      await page.keyboard.press('Tab');
      await page.getByTestId('not-taken').waitFor();
      await page.getByTestId('cost-table').waitFor();
    },
  },
];

async function escape(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
}

async function show(page: Page, screen: string): Promise<void> {
  await page.evaluate((name) => (location.hash = name), screen);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null);
}

/** What observes sizes is told in a frame, and what it changes is there in the next one. */
async function answerToSize(page: Page): Promise<void> {
  const frame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
  for (let frames = 0; frames < 3; frames++) await page.evaluate(frame);
}

/** What is wrong with what is shown now, in words. */
async function problems(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
    for (const field of document.querySelectorAll('input, select, textarea')) {
      const isTyped = !field.matches('[type=radio], [type=checkbox], [type=file]');
      if (isTyped && parseFloat(getComputedStyle(field).fontSize) < 16) found.push(`zooms: ${field.outerHTML}`);
    }
    if (document.documentElement.scrollWidth > window.innerWidth) found.push('wider than the window');
    return found;
  });
}

for (const language of ['en', 'zh'] as const) {
  test.describe(language, () => {
    test.use({ locale: language === 'zh' ? 'zh-CN' : 'en-GB' });

    test(`axe finds nothing on any screen (${language})`, async ({ page }) => {
      page.setDefaultTimeout(20_000);
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await seedChats(page, [rich]);
      await openAtStart(page, rich);
      for (const { name, enter, leave } of SCENES) {
        await enter(page);
        for (const { size, theme } of LOOKS[language]) {
          await page.setViewportSize(size);
          await page.emulateMedia({ colorScheme: theme });
          await answerToSize(page);
          expect.soft(await problems(page), `${name}, ${size.width} points, ${theme}`).toEqual([]);
        }
        expect.soft(await page.evaluate(() => document.getAnimations().length), `${name}: motion`).toBe(0);
        await leave?.(page);
      }
    });
  });
}

/** Goes through everything with Tab and says what could not be reached, and where the focus was not to be seen. */
async function keyboardProblems(page: Page): Promise<string[]> {
  const count = await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    const all = (dialog ?? document).querySelectorAll<HTMLElement>(
      'a[href], button, input, select, textarea, summary, [tabindex="0"]',
    );
    // Of a group of choices, Tab stops at one.
    const groups = new Set<string>();
    const stops = [...all].filter((element) => {
      const { type = '', name = '', disabled = false } = element as HTMLInputElement;
      if (disabled || element.tabIndex < 0 || !element.checkVisibility({ visibilityProperty: true })) return false;
      if (type !== 'radio') return true;
      if (groups.has(name)) return false;
      groups.add(name);
      return true;
    });
    for (const stop of stops) stop.dataset.stop = (stop as HTMLInputElement).name || 'one';
    return stops.length;
  });
  if (count === 0) return ['there is no place to go to'];
  const unseen = new Set<string>();
  for (let i = 0; i < count + 3; i++) {
    await page.keyboard.press('Tab');
    const place = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement;
      if (element === document.body) return null;
      const stop = element.type === 'radio' ? document.querySelector(`[data-stop="${element.name}"]`) : element;
      stop?.removeAttribute('data-stop');
      const rings = [element, element.closest('form, label')].map((one) => one && getComputedStyle(one));
      const isSeen = rings.some((ring) => ring && (ring.outlineStyle !== 'none' || ring.boxShadow !== 'none'));
      return isSeen ? null : element.outerHTML.slice(0, 160);
    });
    if (place) unseen.add(`the focus is not seen: ${place}`);
  }
  const missed = await page.evaluate(() =>
    [...document.querySelectorAll('[data-stop]')].map(({ outerHTML }) => `not reached: ${outerHTML.slice(0, 160)}`),
  );
  return [...unseen, ...missed];
}

test('the keyboard reaches everything, shortcuts work beside fields only, and dialogs give the focus back', async ({
  page,
}) => {
  page.setDefaultTimeout(20_000);
  await seedChats(page, [rich]);
  await openAtStart(page, rich);
  await page.goto('./');
  await page.getByTestId('device-note').waitFor();
  expect.soft(await keyboardProblems(page), 'first visit').toEqual([]);
  await page.getByTestId('offer-get').first().press('Enter');
  expect.soft(await keyboardProblems(page), 'download').toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('offer-get').first()).toBeFocused();
  await show(page, 'device');
  expect.soft(await keyboardProblems(page), 'device').toEqual([]);
  await page.goBack();

  await page.getByTestId('start-demo').press('Enter');
  const input = page.getByTestId('composer-input');
  const questions = page.getByTestId('message-user');
  await expect(questions).toHaveCount(1);
  expect.soft(await keyboardProblems(page), 'conversation').toEqual([]);

  // A button that goes when it is pressed leaves the keyboard at the list.
  const size = page.viewportSize()!;
  await page.setViewportSize({ ...size, height: 360 });
  const list = page.getByRole('region', { name: 'Conversation' });
  await list.press('Home');
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
  expect.soft(await keyboardProblems(page), 'shortcuts').toEqual([]);
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

  await page.getByTestId('shortcuts-show').press('Enter');
  await page.getByTestId('shortcuts-switch').uncheck();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('shortcuts-show')).toBeFocused();
  await page.keyboard.press('Shift+?');
  await expect(help).toHaveCount(0);
});

test('a thousand conversations are listed and searched at once, and a long one opens at once', async ({ page }) => {
  const times = await measureHistory(page);
  // Processor time of the page's thread, with room for processors that are half as fast.
  for (const name of ['list', 'first search', 'search', 'search in vain'] as const)
    expect(times[name].busy, name).toBeLessThan(100);
  expect(times.open.busy).toBeLessThan(1500);
});

/** Kilobytes, compressed. Whoever needs more has to say so here. */
const BUDGET = { shell: 700, first: 125, chunk: 30 };
const LARGE_CHUNKS: Record<string, number> = {
  'index.js': 65,
  'engine.worker.js': 125,
  'import.worker.js': 90,
  'mathml.js': 85,
  'highlight.js': 60,
  'parser.js': 55,
  // The texts of both languages.
  'Switches.js': 35,
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
