import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dropPaths } from './dropPaths';
import { expect, hasOracle, ORACLE, test } from './fixtures';
import { NANO } from './nanoFiles';

/** Bringing one's own model, through the page. */

test('a safetensors folder is dropped on the page', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await dropPaths(page, [NANO]);
  await expect(page.getByTestId('composer-input')).toBeVisible();
});

test('a safetensors folder is opened through the file chooser and answers', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await page.getByTestId('open-folder-input').setInputFiles(NANO);
  await expect(page.getByTestId('composer-input')).toBeVisible();
  await page.getByTestId('composer-input').fill('What is 2 + 3?');
  await page.getByTestId('send').click();
  await expect(page.getByTestId('message-assistant')).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('message-assistant')).toContainText('5');
});

test('a GGUF is opened through the file chooser', async ({ page }) => {
  test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await page
    .getByTestId('open-file-input')
    .setInputFiles(join(ORACLE, 'tiny-minicpm-2b/gguf/tiny-minicpm-2b.Q4_K_M.gguf'));
  await expect(page.getByTestId('composer-input')).toBeVisible();
  await page.getByTestId('composer-input').fill('Hello');
  await page.getByTestId('send').click();
  // Its weights are random: that it streams something is all there is to see.
  await expect(page.getByTestId('message-text').last()).not.toBeEmpty();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('message-assistant')).toHaveAttribute('data-state', /stopped|done/);
});

test('a file that is no model is refused in a sentence', async ({ page }, testInfo) => {
  const path = testInfo.outputPath('broken.gguf');
  writeFileSync(path, 'GGUF and then nothing of use');
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await page.getByTestId('open-file-input').setInputFiles(path);
  await expect(page.getByTestId('error-banner')).toHaveAttribute('data-error', 'InvalidFileError');
  await page.getByTestId('open-file-input').setInputFiles('public/models/nano/config.json');
  const missing = page.getByTestId('error-banner').filter({ hasText: 'missing: model.safetensors.' });
  await expect(missing).toBeVisible();
  await expect(page.getByTestId('model-item')).toHaveCount(0);
});

test('beside a conversation the last refusal is the one that is said', async ({ page }, testInfo) => {
  const paths = ['first.gguf', 'second.gguf'].map((name) => testInfo.outputPath(name));
  for (const path of paths) writeFileSync(path, 'GGUF and then nothing of use');
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await page.getByTestId('start-demo').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
  const said = page.getByTestId('transfers');
  for (const path of paths) {
    await dropPaths(page, [path]);
    await expect(said).toContainText(path.split('/').at(-1)!);
    await expect(said.getByTestId('error-banner')).toHaveCount(1);
  }
});

test('a cancelled import leaves nothing visible and can be done again', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  // The weights never arrive, so there is all the time in the world to cancel.
  await page.route('**/model.safetensors', () => undefined);
  await page.getByTestId('start-demo').click();
  await page.getByTestId('import-cancel').click();
  await expect(page.getByTestId('cancelled-note')).not.toBeEmpty();
  await expect(page.getByTestId('model-item')).toHaveCount(0);
  await page.unroute('**/model.safetensors');
  await page.getByTestId('start-demo').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
});
