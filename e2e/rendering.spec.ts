import type { Page } from '@playwright/test';
import type { ServedApp } from './builtApp';
import { expect, test } from './fixtures';
import { measureRendering } from './pageSpeed';
import { DOCUMENT } from './rendering/documents';
import { hostileAnswers } from './rendering/hostile';
import { serveRenderingPage } from './rendering/serve';

/** Answers as the page shows them: its own conversation and components, built as it is, with a model that recites. */

const ATTACKER = 'https://attacker.example';

let server: ServedApp;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  server = await serveRenderingPage();
});

test.afterAll(() => server.close());

test.beforeEach(({ origins }) => origins.allow(server.url));

/** Opens the page; returns the addresses off its origin that it asks for. */
async function open(page: Page): Promise<string[]> {
  const address = server.url;
  const asked: string[] = [];
  await page.route(
    (url) => url.origin !== new URL(address).origin,
    (route) => {
      asked.push(route.request().url());
      return route.abort();
    },
  );
  page.on('dialog', (dialog) => {
    asked.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(address);
  // The page is there once its texts are.
  await page.waitForFunction(() => 'answer' in window);
  return asked;
}

const answer = (page: Page, pieces: string[]) => page.evaluate((list) => window.answer(list), pieces);

test('no hostile answer runs, asks, styles or leads anywhere', async ({ page }) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const asked = await open(page);
  const address = page.url();
  const hostile = hostileAnswers(ATTACKER);
  for (const text of hostile) await answer(page, [text.slice(0, text.length / 2), text.slice(text.length / 2)]);
  await expect(page.getByTestId('message-text')).toHaveCount(hostile.length);
  await expect(page.locator('math').first()).toBeVisible();
  const found = await page.evaluate(() => {
    const answers = [...document.querySelectorAll('[data-testid=message-text]')];
    const inside = (selector: string) => answers.flatMap((element) => [...element.querySelectorAll(selector)]);
    const links = inside('a') as HTMLAnchorElement[];
    return {
      ran: window.ran,
      violations: window.violations,
      title: document.title,
      elements: inside(
        'script, img, iframe, object, embed, link, style, form, video, audio, base, meta, svg image, svg script',
      ).map(({ outerHTML }) => outerHTML),
      styled: inside('[style], [mathcolor], [mathbackground]').map(({ outerHTML }) => outerHTML),
      handlers: inside('*').flatMap(({ attributes }) => [...attributes].filter(({ name }) => name.startsWith('on'))),
      ids: inside('[id]').length,
      unsafe: links
        .filter(({ protocol }) => !['http:', 'https:', 'mailto:'].includes(protocol))
        .map(({ href }) => href),
      open: links.filter(({ rel, target }) => rel !== 'noopener noreferrer' || target !== '_blank').length,
      links: links.length,
      wide: document.documentElement.scrollWidth - window.innerWidth,
      scroller:
        document.querySelector('[role=region]')!.scrollWidth - document.querySelector('[role=region]')!.clientWidth,
    };
  });
  expect(found.links).toBeGreaterThan(0);
  expect(found).toMatchObject({
    ran: [],
    violations: [],
    title: 'MiniCPM in the browser',
    elements: [],
    styled: [],
    handlers: [],
  });
  expect(found).toMatchObject({ ids: 0, unsafe: [], open: 0, wide: 0, scroller: 0 });
  expect(asked).toEqual([]);
  expect(errors).toEqual([]);
  expect(page.url()).toBe(address);
});

test('finished blocks are not touched while the answer goes on', async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    const finished = new Set<Node>();
    new MutationObserver((records) => {
      const children = [...(document.querySelector('[data-testid=message-text]')?.children ?? [])];
      // The last two blocks may change; colours and formulas come once, when they are loaded.
      for (const { target, type } of records) {
        const block = children.find((child) => child.contains(target));
        if (block && finished.has(block) && type !== 'attributes') window.violations.push(block.textContent ?? '');
      }
      for (const child of children.slice(0, -3)) if (!child.matches('.code-block, .formula')) finished.add(child);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await answer(page, [...DOCUMENT]);
  const text = page.getByTestId('message-text');
  await expect(text.locator('h3')).toHaveText('A title');
  await expect(text.locator('li')).toHaveText(['one', 'two']);
  await expect(text.locator('.code-keyword')).toHaveText(['def', 'return']);
  await expect(text.locator('th[data-align=right]')).toHaveText('b');
  await expect(text.locator('math')).toHaveCount(2);
  await expect(text.locator('a')).toContainText('(example.com)');
  expect(await page.evaluate(() => window.violations)).toEqual([]);
});

test('code can be copied; code and tables wider than a phone scroll in place, by keyboard too', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page);
  const cells = Array.from({ length: 12 }, (_, i) => `column ${i}`);
  const table = `| ${cells.join(' | ')} |\n|${'---|'.repeat(12)}\n| ${cells.join(' | ')} |`;
  const code = `const words = '${'long '.repeat(40)}';`;
  await answer(page, [`\`\`\`js\n${code}\n\`\`\`\n\n${table}`]);
  for (const selector of ['pre', '.table']) {
    const box = page.getByTestId('message-text').locator(selector);
    await expect(box).toHaveAttribute('tabindex', '0');
    await expect(box).toHaveAttribute('role', 'group');
  }
  const overflow = await page.getByRole('region').evaluate((list) => list.scrollWidth - list.clientWidth);
  expect(overflow).toBe(0);
  await page.getByTestId('message-text').getByRole('button').click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
});

test('while an answer is written nothing jumps, and a reader who went up stays there', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 600 });
  await open(page);
  await answer(page, [`${DOCUMENT}\n\n${DOCUMENT}`]);
  const shifts = await page.evaluate(async (text) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) sum += entry.value;
    }).observe({ type: 'layout-shift' });
    await window.answer(text.match(/[^]{1,4}/g)!);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return sum;
  }, DOCUMENT);
  expect(shifts).toBeLessThan(0.01);

  const list = page.getByRole('region');
  const fromEnd = () => list.evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop);
  await expect.poll(fromEnd).toBeLessThan(1);
  const writing = answer(page, DOCUMENT.match(/[^]{1,4}/g)!);
  await expect(page.locator('[data-state=streaming]')).toHaveCount(1);
  await list.evaluate((box) => box.scrollBy({ top: -200 }));
  const top = await list.evaluate((box) => box.scrollTop);
  await writing;
  expect(await list.evaluate((box) => box.scrollTop)).toBe(top);
  expect(await fromEnd()).toBeGreaterThan(200);
  await page.getByRole('button').last().click();
  await expect.poll(fromEnd).toBeLessThan(1);
});

test('showing an answer takes a small share of the time in which it is written', async ({ page }) => {
  // Processor time of the page's thread, less what a shared or slower processor adds to it; BENCHMARKS.md has the figure.
  const share = async () => (await measureRendering(page, server.url, DOCUMENT)).quietShare;
  // What else a machine begins or ends meanwhile is in it.
  expect(Math.min(await share(), await share())).toBeLessThan(0.05);
});
