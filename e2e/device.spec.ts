import { expect, test } from './fixtures';

/** What the page knows about this device, and what a token costs on it. */

test('the page about the device says what a token costs, keeps what was entered, and gives a report', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./#device');
  await expect(page.getByTestId('fitting-models').locator('[data-verdict]')).not.toHaveCount(0);
  const active = page.getByTestId('diagnostics').locator('[data-state=active] li');
  await expect(active.first()).toHaveText(/^\s*(mat\w+ |The page’s own arithmetic)/);
  const result = page.getByTestId('cost-result');
  await page.getByTestId('cost-speed').fill('10');
  await page.getByTestId('cost-watts').fill('100');
  await page.getByTestId('cost-energy').fill('0.5');
  const years = page.getByTestId('cost-lifetime');
  await years.fill('0');
  await years.press('Enter');
  await expect(years).toHaveAccessibleDescription(/Not taken: it can be 0\.1 or more/);
  await years.fill('5');
  const hours = page.getByTestId('cost-hours');
  await hours.fill('3');
  await hours.press('Enter');
  await hours.press('ControlOrMeta+a');
  await hours.pressSequentially('25');
  await page.keyboard.press('Tab');
  await expect(hours).toHaveAccessibleDescription(/Not taken: it can be from 0 to 24/);
  // Ten tokens a second are 36 000 an hour, for a twentieth of a dollar.
  await expect(result).toHaveAttribute('data-tokens', '720000');
  await page.getByTestId('cost-currency').selectOption('CNY');
  await page.getByTestId('cost-rate').fill('7');
  // Beside it, what others charge, in the currency of the moment: two yuan for a million tokens.
  const service = page.getByTestId('cost-service');
  await page.getByTestId('cost-add').click();
  await expect(page.getByTestId('cost-service-name')).toBeFocused();
  await page.getByTestId('cost-service-name').fill('Some service');
  await page.getByTestId('cost-service-price').fill('2');
  const rows = page.getByTestId('cost-table').locator('tbody tr');
  await expect(rows.nth(1)).toHaveText(/^\s*Some service\s*500K\s*3\.5M\s*$/);
  await page.reload();
  await expect(result).toHaveAttribute('data-tokens', '720000');
  await expect(hours).toHaveValue('3');
  await expect(rows).toHaveText([/5\.04M/, /^\s*Some service\s*500K\s*3\.5M\s*$/]);
  await service.getByTestId('cost-service-name').fill('Another');
  await expect(rows.nth(1)).toContainText('Another');
  await service.getByRole('button', { name: 'Another' }).click();
  await expect(service).toHaveCount(0);
  await expect(page.getByTestId('cost-add')).toBeFocused();
  await expect(rows).toHaveCount(1);

  await page.getByTestId('device-copy').click();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toContain(`browser: ${await page.evaluate(() => navigator.userAgent)}`);
  expect(report).toMatch(/kernel active: .+/);
});
