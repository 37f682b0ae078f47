import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { chromiumLaunchOptions } from './chromium';
import { dropPaths } from './dropPaths';
import { expect, hasOracle, ORACLE, test } from './fixtures';

/** Pictures in a chat, on the built app: how they come, what becomes of them, and how they go. */

/** The demo model's pictures, and what it was taught to answer about them. */
const PICTURES = 'e2e/nano/pictures';

const options = chromiumLaunchOptions('none');
test.use({ launchOptions: { ...options, args: [...options.args, '--use-fake-device-for-media-stream'] } });

/** Opens a model that takes several pictures, and cuts them. Its answers are random. */
async function openOracle(page: Page): Promise<void> {
  const folder = join(ORACLE, 'tiny-minicpmv-4.0', 'gguf');
  const files = readdirSync(folder).filter((file) => file.includes('mmproj') || file.includes('Q4_K_M'));
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  await page.getByTestId('open-file-input').setInputFiles(files.map((file) => join(folder, file)));
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

interface PictureFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

function demoPicture(name: string): PictureFile {
  return { name, mimeType: 'image/png', buffer: readFileSync(join(PICTURES, name)) };
}

/** A picture file, drawn by the browser: shapes of some colours. */
async function drawnPicture(page: Page, name: string, width: number, height: number): Promise<PictureFile> {
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

/** Pastes a file into the composer. */
async function paste(page: Page, file: PictureFile): Promise<void> {
  await page.getByTestId('composer-input').evaluate(
    (target, { name, mimeType, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], name, { type: mimeType }));
      target.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData }));
    },
    { name: file.name, mimeType: file.mimeType, base64: file.buffer.toString('base64') },
  );
}

/** Drops a file from the disk. */
async function drop(page: Page, { name, buffer }: Pick<PictureFile, 'name' | 'buffer'>): Promise<void> {
  const path = test.info().outputPath(name);
  writeFileSync(path, buffer);
  await dropPaths(page, [path]);
}

/** Sends a question and waits for the end of its answer; for its beginning alone where random weights write on and on. */
async function ask(page: Page, question: string, until: 'end' | 'beginning' = 'end'): Promise<void> {
  const answers = page.getByTestId('message-assistant');
  // Before the conversation is on the page its answers cannot be counted.
  await page.getByTestId('composer-input').fill(question);
  const before = await answers.count();
  await page.getByTestId('send').click();
  await expect(answers).toHaveCount(before + 1);
  if (until === 'beginning') {
    const hasBegun = async () =>
      (await answers.last().getAttribute('data-state')) !== 'streaming' ||
      (await page.getByTestId('message-text').last().textContent()) !== '';
    await expect.poll(hasBegun).toBe(true);
    await page.keyboard.press('Escape');
  }
  await expect(answers.last()).toHaveAttribute('data-state', /stopped|done/);
}

/** Takes a photo with the made-up camera, which is refused at first. */
async function takePhoto(page: Page): Promise<void> {
  await page.context().grantPermissions([]);
  await page.getByTestId('take-photo').click();
  await expect(page.getByTestId('camera-problem')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.context().grantPermissions(['camera']);
  await page.getByTestId('take-photo').click();
  await expect(page.getByTestId('shutter')).toHaveAttribute('aria-disabled', 'false');
  await page.getByTestId('shutter').click();
}

test('the demo is asked about pictures in both languages, one in a conversation', async ({ page }, { project }) => {
  await page.goto('./');
  const drafted = page.getByTestId('picture-tray').getByTestId('picture');
  const answer = page.getByTestId('message-text').last();
  const counts = page.getByTestId('picture-counts').last();

  // The first visit offers a picture: there are four shapes in it.
  await page.getByTestId('example-question').first().click();
  await expect(answer).toContainText('4');
  await expect(page.getByTestId('message-user').getByTestId('picture')).toHaveCount(1);
  await expect(page.getByTestId('message-user').locator('img')).toHaveCSS('object-fit', 'contain');

  await page.getByTestId('new-chat').click();
  const examples = page.getByText('For example:');
  await expect(examples).toBeVisible();
  await page.getByTestId('picture-files').setInputFiles([demoPicture('shapes-3.png'), demoPicture('number-4.png')]);
  await expect(examples).toHaveCount(0);
  await expect(page.getByTestId('picture-problem')).toHaveAttribute('data-problem', 'onlyOne');
  await expect(drafted).toHaveCount(1);
  await page.reload();
  await page.getByTestId('continue-model').click();
  await expect(drafted).toHaveCount(1);
  await ask(page, 'What is the color of the star?');
  await expect(answer).toContainText('orange');
  await expect(counts).toHaveAttribute('data-encoded', '1');
  await ask(page, '黄色的图形是什么图形？');
  await expect(answer).toContainText('三角形');
  await expect(counts).toHaveAttribute('data-encoded', '0');
  await expect(counts).toHaveAttribute('data-reused', '1');

  await page.reload();
  await page.getByTestId('continue-model').click();
  await page.getByTestId('message-user').first().getByTestId('picture-open').click();
  await expect(page.getByTestId('picture-viewer').locator('img')).toBeVisible();
  await expect(page.getByTestId('picture-cost')).toHaveAttribute('data-tokens', /^\d+$/);
  await page.keyboard.press('Escape');

  await page.getByTestId('new-chat').click();
  await drop(page, { name: 'words.png', buffer: Buffer.from('no picture at all') });
  await expect(page.getByTestId('picture-problem')).toHaveAttribute('data-problem', 'notPicture');
  await paste(page, demoPicture('shapes-3.png'));
  await drafted.getByTestId('picture-remove').click();
  await expect(drafted).toHaveCount(0);
  await drop(page, demoPicture('number-4.png'));
  await expect(drafted).toHaveCount(1);
  await ask(page, '图里的数字是多少？');
  await expect(answer).toContainText('30');

  await page.getByTestId('new-chat').click();
  if (project.use.hasTouch) return expect(page.getByTestId('camera-files')).toHaveAttribute('capture', /./);
  await takePhoto(page);
  await expect(drafted).toHaveCount(1);
  // Of what a made-up camera shows, that something is answered is all there is to see.
  await ask(page, 'What do you see?');
  await expect(answer).not.toBeEmpty();
});

test('several pictures, by file, paste, drop and camera, are cut as asked, kept and removed', async ({ page }, {
  project,
}) => {
  test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');
  await openOracle(page);
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
  await paste(page, await drawnPicture(page, 'second.png', 90, 80));
  await expect(drafted).toHaveCount(2);
  await expect(page.getByTestId('picture-problem')).toHaveCount(0);
  await drop(page, await drawnPicture(page, 'third.png', 80, 90));
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

  await ask(page, 'What is in the picture?', 'beginning');
  await expect(counts).toHaveAttribute('data-reused', '0');
  const tiles = Number(await counts.getAttribute('data-encoded'));
  expect(tiles).toBeGreaterThan(1);
  await ask(page, 'And what else?', 'beginning');
  await expect(counts).toHaveAttribute('data-encoded', '0');
  await expect(counts).toHaveAttribute('data-reused', String(tiles));

  // Kept with the conversation.
  await page.reload();
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('message-user').first().getByTestId('picture')).toHaveCount(1);
  await page.getByTestId('message-user').first().getByTestId('picture-open').click();
  await expect(page.getByTestId('picture-viewer').locator('img')).toBeVisible();
  await expect(cost).toHaveAttribute('data-tokens', String(less));
  // How fast the model looks is known from before the reload.
  await expect(cost).toContainText('sec');
  await page.keyboard.press('Escape');

  // A phone has an app for that, and hands its photo over as a file.
  if (project.use.hasTouch)
    await page.getByTestId('camera-files').setInputFiles(await drawnPicture(page, 'photo.png', 90, 90));
  else await takePhoto(page);
  await expect(drafted).toHaveCount(1);
});
