import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { chromiumLaunchOptions } from './chromium';
import { expect, hasOracle, ORACLE, test } from './fixtures';

/** Pictures in a chat, on the built app: how they come, what becomes of them, and how they go. */

// The answers of this model are random: what is asserted is everything but their words.
test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');

const options = chromiumLaunchOptions('software');
test.use({
  launchOptions: {
    ...options,
    args: [...options.args, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  },
});

/** Opens a model that sees, with an empty chat. */
async function openModel(page: Page): Promise<void> {
  const folder = join(ORACLE, 'tiny-minicpmv-4.0', 'gguf');
  const files = readdirSync(folder).filter((file) => file.includes('mmproj') || file.includes('Q4_K_M'));
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await page.getByTestId('open-file-input').setInputFiles(files.map((file) => join(folder, file)));
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

/** A picture file, drawn by the browser: shapes of some colours. */
async function drawnPicture(page: Page, name: string, width: number, height: number) {
  const base64 = await page.evaluate(
    async ({ width, height }) => {
      const canvas = new OffscreenCanvas(width, height);
      const pen = canvas.getContext('2d')!;
      pen.fillStyle = 'white';
      pen.fillRect(0, 0, width, height);
      pen.fillStyle = 'red';
      pen.fillRect(width / 8, height / 8, width / 4, height / 4);
      pen.fillStyle = 'blue';
      pen.beginPath();
      pen.arc(width / 1.5, height / 1.5, Math.min(width, height) / 5, 0, 7);
      pen.fill();
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
      return btoa(String.fromCharCode(...bytes));
    },
    { width, height },
  );
  return { name, mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') };
}

/** Hands a file to the page as a paste or a drop does. */
async function give(page: Page, how: 'paste' | 'drop', file: { name: string; mimeType: string; buffer: Buffer }) {
  await page.getByTestId('composer-input').evaluate(
    (target, { how, name, mimeType, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], name, { type: mimeType }));
      const init = { bubbles: true, cancelable: true };
      const event =
        how === 'paste'
          ? new ClipboardEvent('paste', { ...init, clipboardData: data })
          : new DragEvent('drop', { ...init, dataTransfer: data });
      target.dispatchEvent(event);
    },
    { how, name: file.name, mimeType: file.mimeType, base64: file.buffer.toString('base64') },
  );
}

async function ask(page: Page, question: string): Promise<void> {
  const answers = page.getByTestId('message-assistant');
  const before = await answers.count();
  await page.getByTestId('composer-input').fill(question);
  await page.getByTestId('send').click();
  await expect(answers).toHaveCount(before + 1);
  // Random weights write on and on, or nothing at all.
  const hasBegun = async () =>
    (await answers.last().getAttribute('data-state')) !== 'streaming' ||
    (await page.getByTestId('message-text').last().textContent()) !== '';
  await expect.poll(hasBegun).toBe(true);
  if (await page.getByTestId('stop').isVisible()) await page.keyboard.press('Escape');
  await expect(answers.last()).toHaveAttribute('data-state', /stopped|done/);
}

test('pictures come by file, paste, drop and camera, are asked about, kept and removed', async ({ page }, {
  project,
}) => {
  await openModel(page);
  const drafted = page.getByTestId('picture-tray').getByTestId('picture');
  const counts = page.getByTestId('picture-counts').last();

  await page.getByTestId('picture-files').setInputFiles([
    await drawnPicture(page, 'first.png', 320, 240),
    {
      name: 'broken.png',
      mimeType: 'image/png',
      buffer: (await drawnPicture(page, '', 90, 90)).buffer.subarray(0, 60),
    },
    { name: 'words.png', mimeType: 'image/png', buffer: Buffer.from('no picture at all') },
  ]);
  await expect(page.getByTestId('picture-problem')).toHaveAttribute('data-problem', 'notPicture');
  await expect(drafted).toHaveCount(1);
  await give(page, 'paste', await drawnPicture(page, 'second.png', 90, 80));
  await expect(drafted).toHaveCount(2);
  await expect(page.getByTestId('picture-problem')).toHaveCount(0);
  await give(page, 'drop', await drawnPicture(page, 'third.png', 80, 90));
  await expect(drafted).toHaveCount(3);

  // A reload keeps the draft, and the picture that is removed stays away.
  await drafted.nth(1).getByTestId('picture-remove').click();
  await expect(drafted).toHaveCount(2);
  await page.reload();
  await page.getByTestId('continue-model').click();
  await expect(drafted).toHaveCount(2);
  await drafted.nth(1).getByTestId('picture-remove').click();

  // Large, in parts, with a choice of their number.
  await drafted.first().getByTestId('picture-open').click();
  await expect(page.getByTestId('slices')).toHaveAttribute('data-grid', /[2-9]x/);
  const cost = page.getByTestId('picture-cost');
  const most = Number(await cost.getAttribute('data-tokens'));
  await page.getByTestId('picture-detail').fill('1');
  const less = Number(await cost.getAttribute('data-tokens'));
  expect(less).toBeLessThan(most);
  await page.keyboard.press('Escape');

  await ask(page, 'What is in the picture?');
  await expect(counts).toHaveAttribute('data-reused', '0');
  const tiles = Number(await counts.getAttribute('data-encoded'));
  expect(tiles).toBeGreaterThan(1);
  await ask(page, 'And what else?');
  await expect(counts).toHaveAttribute('data-encoded', '0');
  await expect(counts).toHaveAttribute('data-reused', String(tiles));

  // Kept with the conversation.
  await page.reload();
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('message-user').first().getByTestId('picture')).toHaveCount(1);
  await page.getByTestId('message-user').first().getByTestId('picture-open').click();
  await expect(page.getByTestId('picture-viewer').locator('img')).toBeVisible();
  await expect(cost).toHaveAttribute('data-tokens', String(less));
  await page.keyboard.press('Escape');

  if (project.name === 'phone') return;
  await page.getByTestId('take-photo').click();
  await expect(page.getByTestId('shutter')).toHaveAttribute('aria-disabled', 'false');
  await page.getByTestId('shutter').click();
  await expect(drafted).toHaveCount(1);
});
