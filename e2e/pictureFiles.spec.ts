import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { PICTURE_FILES } from '../workers/testing/pictureFiles';
import { giveFiles } from './enginePage';
import { expect, hasOracle, ORACLE, test } from './fixtures';

/** Picture files of every kind through the worker of the built app: each is answered about, or refused in a sentence. */

test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');

const bytesOf = (name: keyof typeof PICTURE_FILES) => Buffer.from(PICTURE_FILES[name], 'base64');

function oriented(orientation: number): Buffer {
  const bytes = bytesOf('oriented');
  bytes[49] = orientation;
  return bytes;
}

const FILES: [name: string, bytes: Buffer, outcome: [width: number, height: number] | RegExp][] = [
  ...[1, 2, 3, 4].map((n): (typeof FILES)[number] => [`orientation ${n}`, oriented(n), [48, 32]]),
  ...[5, 6, 7, 8].map((n): (typeof FILES)[number] => [`orientation ${n}`, oriented(n), [32, 48]]),
  ['CMYK', bytesOf('cmyk'), [32, 16]],
  ['16 bits per channel', bytesOf('png16'), [4, 2]],
  ['transparent', bytesOf('alpha'), [4, 1]],
  ['animated', bytesOf('gif'), [3, 2]],
  ['AVIF', bytesOf('avif'), [24, 16]],
  ['HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), /^The HEIC picture .* does not read the format\.$/],
  ['cut off', bytesOf('noise').subarray(0, 400), /^The JPEG picture is damaged or cut off\.$/],
  ['empty', Buffer.alloc(0), /^The file is no picture/],
  ['words', Buffer.from('Hello, world!'), /^The file is no picture/],
];

/** Sizes that the browser draws, with the format to write them in. */
const DRAWN: [width: number, height: number, type: string, outcome: 'answered' | RegExp][] = [
  [1, 1, 'image/png', 'answered'],
  [301, 201, 'image/webp', 'answered'],
  [8660, 5774, 'image/jpeg', 'answered'],
  [20_000, 10, 'image/png', /^a picture of 20000 × 10 pixels is too long and narrow for this model$/],
];

test('picture files of every kind are answered about or refused in a sentence', async ({ enginePage: page }) => {
  await openModel(page);
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET' || request.postData() !== null) sent.push(request.url());
  });
  for (const [name, bytes, outcome] of FILES) {
    const seen = await look(page, { base64: bytes.toString('base64') });
    if (outcome instanceof RegExp) expect(seen, name).toMatchObject({ refusal: expect.stringMatching(outcome) });
    else expect(seen, name).toEqual({ size: outcome, isAnswered: true });
  }
  for (const [width, height, type, outcome] of DRAWN) {
    const seen = await look(page, { width, height, type });
    const name = `${width} × ${height} ${type}`;
    if (outcome instanceof RegExp) expect(seen, name).toMatchObject({ refusal: expect.stringMatching(outcome) });
    else expect(seen, name).toEqual({ size: [width, height], isAnswered: true });
  }
  expect(sent).toEqual([]);
});

async function openModel(page: Page): Promise<void> {
  const folder = join(ORACLE, 'tiny-minicpmv-4.0', 'gguf');
  const files = readdirSync(folder).filter((file) => file.includes('mmproj') || file.includes('Q4_K_M'));
  await giveFiles(
    page,
    files.map((file) => join(folder, file)),
  );
  await page.evaluate(async () => {
    window.engine = await window.createEngine({ backend: 'cpu' });
    const { id } = await window.engine.importModel({ kind: 'files', files: window.files });
    window.model = await window.engine.load(id);
  });
}

/** What becomes of a question about a file, or about a picture drawn in so many pixels. */
function look(page: Page, file: { base64: string } | { width: number; height: number; type: string }) {
  return page.evaluate(async (file) => {
    const drawn = async (width: number, height: number, type: string) => {
      const canvas = new OffscreenCanvas(width, height);
      const pen = canvas.getContext('2d')!;
      pen.fillStyle = '#e0a030';
      pen.fillRect(0, 0, width, height);
      return canvas.convertToBlob({ type });
    };
    const blob =
      'base64' in file
        ? new Blob([Uint8Array.from(atob(file.base64), (character) => character.charCodeAt(0))])
        : await drawn(file.width, file.height, file.type);
    const url = URL.createObjectURL(blob);
    try {
      const { width, height } = await window.model.inspectPicture(blob);
      const picture = { type: 'image_url' as const, image_url: { url, detail: 'low' as const } };
      const question = { type: 'text' as const, text: 'What is this?' };
      const { logits } = await window.model.forward({ messages: [{ role: 'user', content: [picture, question] }] });
      return { size: [width, height], isAnswered: logits.every(Number.isFinite) };
    } catch (error) {
      return { refusal: (error as Error).message };
    } finally {
      URL.revokeObjectURL(url);
    }
  }, file);
}
