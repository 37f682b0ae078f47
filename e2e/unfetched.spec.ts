import type { Page } from '@playwright/test';
import { en } from '../src/i18n/en';
import { zh } from '../src/i18n/zh';
import { roleFragment } from '../src/roles/roleLink';
import { accessibilityProblems, keyboardProblems } from './accessibility';
import { expect, test } from './fixtures';

/** Parts of the built app that do not come, late ones, and what the page says of them. */

// What the service worker answers cannot be withheld.
test.use({ serviceWorkers: 'block' });

const withhold = (page: Page, file: string) => page.route(`**/assets/${file}-*.js`, (route) => route.abort());
const give = (page: Page, file: string) => page.unroute(`**/assets/${file}-*.js`);
const heading = (page: Page) => page.getByRole('heading', { level: 1 });

async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect.soft(await accessibilityProblems(page), colorScheme).toEqual([]);
  }
  expect.soft(await keyboardProblems(page)).toEqual([]);
}

test('a page without its script or its words says so, and fetches what is missing when asked to', async ({ page }) => {
  await withhold(page, 'first');
  await page.goto('./#settings');
  await expect(page.getByRole('alert')).toContainText(en.start.failed);
  await expectAccessible(page);
  await give(page, 'first');
  await withhold(page, 'zh');
  await withhold(page, 'en');
  await page.getByRole('button', { name: en.actions.reloadPage }).click();
  await expect(page.locator('html')).toHaveAttribute('data-start', 'failed');
  await expect(page.getByRole('alert')).toContainText(en.start.failed);
  await expect(page.getByText(zh.start.failed)).toBeHidden();
  await give(page, 'zh');
  await page.getByRole('button', { name: en.actions.reloadPage }).click();
  await expect(heading(page)).toHaveText(zh.settings.heading);
  await give(page, 'en');
  await page.reload();
  await expect(heading(page)).toHaveText(en.settings.heading);

  await withhold(page, 'start');
  await page.goto('./');
  await expect(page.getByTestId('start-missing')).toBeVisible();
  await expectAccessible(page);
  await give(page, 'start');
  await page.getByTestId('start-missing').getByRole('button').click();
  await expect(page.getByTestId('device-note')).toBeVisible();

  await withhold(page, 'SharedRole');
  const role = roleFragment({ name: 'Critic', about: '', instructions: 'Be short.', opening: '', sampling: {} });
  await page.evaluate((hash) => (location.hash = hash), role);
  await expect(page.getByTestId('role-missing')).toBeVisible();
  await expectAccessible(page);
  await give(page, 'SharedRole');
  await page.getByTestId('role-missing').getByRole('button', { name: en.actions.retry }).click();
  await expect(page.getByTestId('shared-name')).toHaveText('Critic');
});

test('an engine that cannot start is said, whatever else has not come', async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('minicpm.lastModelId', 'used before'));
  await page.route('**/assets/start-*.js', () => new Promise(() => undefined));
  await withhold(page, 'engine.worker');
  await page.goto('./');
  await expect(page.getByText(en.errors.startFailed)).toBeVisible();
  await expectAccessible(page);
});

test('the language that was chosen last holds, however long another one takes; one that fails is said', async ({
  page,
}) => {
  await withhold(page, 'zh');
  await page.goto('./#settings');
  await page.getByTestId('language-choice').locator('label:has([value=zh])').click();
  await expect(page.getByTestId('words-missing')).toContainText(en.errors.partMissing);
  await expectAccessible(page);
  await expect(page.getByTestId('language-choice').locator('[value=browser]')).toBeChecked();
  await page.goto('./');
  await page.getByTestId('start-demo').click();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByTestId('composer-input').waitFor();
  await page.getByTestId('history-show').click();
  await page.getByTestId('language-switch').click();
  await expect(page.getByTestId('history-drawer')).toHaveCount(0);
  await expect(page.getByTestId('words-missing')).toBeVisible();
  // What is written in stays in sight, and the page stays as long as its window.
  const covered = await page.getByTestId('composer-input').evaluate((input) => {
    const { left, top, width, height } = input.getBoundingClientRect();
    const isSeen = document.elementFromPoint(left + width / 2, top + height / 2) === input;
    return !isSeen || document.documentElement.scrollHeight > window.innerHeight;
  });
  expect(covered).toBe(false);
  await page.getByTestId('words-missing').getByRole('button').click();
  await expect(page.getByTestId('words-missing')).toHaveCount(0);

  await give(page, 'zh');
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/assets/zh-*.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto('./');
  const asked = page.waitForRequest('**/assets/zh-*.js');
  await page.getByTestId('language-switch').click();
  const request = await asked;
  await page.getByTestId('language-switch').click();
  release();
  await (await request.response())!.finished();
  // Behind whatever the page does with it.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  expect(await page.evaluate(() => localStorage.getItem('minicpm.language'))).toBe('en');
  await page.getByTestId('language-switch').click();
  await expect(heading(page)).toHaveText(zh.start.heading);
});
