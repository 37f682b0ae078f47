import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumLaunchOptions } from './chromium';
import { expect, test } from './fixtures';

/** Live mode as a person uses it, on a fake camera that shows two scenes in turn. */

/** Long enough to be answered in, short enough to wait for. */
const SECONDS_PER_SCENE = 3;
const FRAMES_PER_SECOND = 5;
const WIDTH = 320;
const HEIGHT = 240;

/** Planes of a scene: a shape on a plain ground, in luma and chroma of 0 to 255. */
interface Scene {
  ground: number;
  shape: [luma: number, cb: number, cr: number];
  isRound: boolean;
}
const SCENES: readonly Scene[] = [
  { ground: 235, shape: [82, 90, 240], isRound: true },
  { ground: 55, shape: [81, 220, 100], isRound: false },
];

const VIDEO = join(tmpdir(), `minicpm-live-${process.pid}.y4m`);
// The browser opens the file when it starts.
writeFileSync(VIDEO, yuv4mpeg(SCENES));
const { args, ...launch } = chromiumLaunchOptions('none');
test.use({
  launchOptions: {
    ...launch,
    args: [
      ...args,
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${VIDEO}`,
    ],
  },
});

test('watches a camera, notices another scene, pauses, and answers a question in between', async ({ page }) => {
  await page.goto('./#live');
  await expect(page.getByTestId('live-blind')).toContainText('Open one first');
  await page.getByTestId('live-back').click();
  await page.getByTestId('start-demo').click();
  await page.getByTestId('live-enter').click();
  await expect(page.getByTestId('live-model')).toHaveText(/nano\s*demo/);
  await expect(page.getByTestId('live-demo-note')).toContainText('drawn shapes, numbers and bar charts only');

  // The camera opens on a press, and the first scene is commented on at once.
  await expect(page.getByTestId('live-question')).toHaveValue('What do you see?');
  await page.getByTestId('live-camera').click();
  const remarks = page.locator('[data-testid=live-entry][data-asked=false]:not([data-state=writing])');
  await expect(remarks.first()).toBeVisible();
  await expect(page.getByTestId('live-announcer')).not.toBeEmpty();

  // The other scene brings another remark, with another picture.
  await expect.poll(() => remarks.count()).toBeGreaterThan(2);
  const pictures = await remarks
    .locator('img')
    .evaluateAll((images) => images.map((image) => image.getAttribute('src')));
  expect(new Set(pictures.slice(0, 2)).size).toBe(2);
  const remarked = async () => (await remarks.getByTestId('live-text').allTextContents()).join('\n');
  await expect.poll(remarked).toMatch(/red circle[^]*blue square|blue square[^]*red circle/);

  // A scene that passes while it is paused is not looked at.
  await page.getByTestId('live-pause').click();
  await expect(page.getByTestId('live-status')).toHaveAttribute('data-status', 'paused');
  await expect(page.getByRole('status').filter({ hasText: 'Paused. No picture is looked at.' })).toHaveCount(1);
  await expect(page.locator('[data-testid=live-entry][data-state=writing]')).toHaveCount(0);
  const before = await page.getByTestId('live-entry').count();
  await page.waitForTimeout(1.5 * SECONDS_PER_SCENE * 1000);
  await expect(page.getByTestId('live-entry')).toHaveCount(before);

  // A question in between.
  await page.getByTestId('live-ask').fill('What colour was the circle?');
  await page.getByTestId('live-send').click();
  const answer = page.locator('[data-testid=live-entry][data-asked=true]:not([data-state=writing])');
  await expect(answer).toContainText('What colour was the circle?');
  await expect(answer.getByTestId('live-text')).not.toBeEmpty();
  await page.getByTestId('live-pause').click();
  await expect.poll(() => page.getByTestId('live-entry').count()).toBeGreaterThan(before + 1);

  // Out of sight it pauses by itself; stopped, the camera is off and the commentary stays.
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await expect(page.getByTestId('live-status')).toHaveAttribute('data-status', 'hidden');
  await page.getByTestId('live-stop').click();
  await expect(page.getByTestId('live-video')).toHaveCount(0);
  const said = await page.getByTestId('live-text').allTextContents();

  // Nothing is stored until it is asked for; then it is a conversation.
  await page.getByTestId('live-keep').click();
  await page.getByTestId('live-open-kept').click();
  await expect(page.getByTestId('message-assistant').last()).toBeVisible();
  await expect(page.getByTestId('message-user').first()).toContainText('What do you see?');
  await expect(page.getByTestId('message-user').last()).toContainText('What colour was the circle?');
  await expect(page.getByTestId('message-assistant').first()).toContainText(said[0]!);

  // The pictures are stored with it, each with its time.
  await page.reload();
  await page.getByTestId('continue-model').click();
  const frames = page.getByTestId('message-assistant').first().getByTestId('frames').getByRole('listitem');
  await expect(frames.first()).toHaveText(/^\s*\d\d:\d\d:\d\d$/);
  expect(await frames.count()).toBeGreaterThan(2);
  await frames.first().scrollIntoViewIfNeeded();
  await expect(frames.first().locator('img')).toHaveJSProperty('naturalHeight', 72);
});

/** A video of the scenes in turn, uncompressed (https://wiki.multimedia.cx/index.php/YUV4MPEG2). */
function yuv4mpeg(scenes: readonly Scene[]): Uint8Array {
  const frames = scenes.flatMap((scene) => {
    const frame = Buffer.concat([Buffer.from('FRAME\n'), planes(scene)]);
    return Array<Buffer>(SECONDS_PER_SCENE * FRAMES_PER_SECOND).fill(frame);
  });
  return Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAMES_PER_SECOND}:1 Ip A1:1 C420\n`),
    ...frames,
  ]);
}

function planes({ ground, shape, isRound }: Scene): Buffer {
  const isShape = (x: number, y: number) => {
    const [dx, dy] = [Math.abs(x - WIDTH / 2), Math.abs(y - HEIGHT / 2)];
    return isRound ? Math.hypot(dx, dy) < 70 : Math.max(dx, dy) < 60;
  };
  const plane = (scale: number, inside: number, outside: number) => {
    const width = WIDTH / scale;
    return Buffer.from(
      Uint8Array.from({ length: (width * HEIGHT) / scale }, (_, i) =>
        isShape(scale * (i % width), scale * Math.floor(i / width)) ? inside : outside,
      ),
    );
  };
  const [luma, cb, cr] = shape;
  return Buffer.concat([plane(1, luma, ground), plane(2, cb, 128), plane(2, cr, 128)]);
}
