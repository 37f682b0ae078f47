import { expect, test } from './fixtures';

/** The benchmark's page of the built app, as a person uses it. */

declare global {
  interface Window {
    /** Sum of the layout shifts that nobody asked for (Layout Instability API). */
    layoutShift: number;
  }
}

test.use({ viewport: { width: 390, height: 844 }, permissions: ['clipboard-read', 'clipboard-write'] });

test('the benchmark is reached, measures, stops, and its report is copied', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeVisible();
  // The page is fetched only by those who want to see it.
  expect(requests.filter((url) => url.includes('BenchmarkScreen'))).toEqual([]);
  await page.getByTestId('benchmark-link').click();
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page.getByTestId('benchmark-shape').first()).toBeChecked();
  await expect(page.getByTestId('benchmark-copy')).toBeDisabled();

  await page.evaluate(() => {
    window.layoutShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) window.layoutShift += entry.value;
      }
    }).observe({ type: 'layout-shift' });
  });
  await page.getByTestId('benchmark-start').click();
  const cases = page.getByTestId('benchmark-table').locator('tbody tr');
  await expect(cases.first()).toHaveAttribute('data-state', 'measured', { timeout: 120_000 });
  await page.getByTestId('benchmark-start').click();
  await expect(page.getByTestId('benchmark-status')).toHaveAttribute('data-status', 'stopped');
  await expect(cases.last()).toHaveAttribute('data-state', 'stopped');
  await expect(page.getByTestId('benchmark-start')).toBeFocused();
  expect(await page.evaluate(() => window.layoutShift)).toBeLessThan(0.01);

  await page.getByTestId('benchmark-copy').click();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toMatch(/prefill 128: [\d.]+ tokens\/s/);
  expect(report).toMatch(/decode 4096: stopped/);
  expect(report).toContain(await page.evaluate(() => navigator.userAgent));

  await page.goBack();
  await expect(page.getByTestId('start-demo')).toBeVisible();
  await page.goForward();
  await expect(page.getByTestId('benchmark-status')).toHaveAttribute('data-status', 'stopped');
  await expect(cases.first()).toHaveAttribute('data-state', 'measured');
});

test('the address of the benchmark opens it, in Chinese too, and its back button leads to the start', async ({
  page,
}) => {
  await page.goto('./#benchmark');
  await page.getByTestId('language-switch').click();
  await expect(page.locator('h1')).toHaveText('这台设备有多快？');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.getByTestId('benchmark-back').click();
  await expect(page.getByTestId('start-demo')).toBeVisible();
});
