import { chromium } from 'playwright';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions } from '../chromium';
import { CHATS, measureHistory, measureRendering, MESSAGES } from '../pageSpeed';
import { DOCUMENT } from '../rendering/documents';
import { serveRenderingPage } from '../rendering/serve';

/** How fast the page itself is: with many conversations and long ones, and what showing an answer takes from writing it. */

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const app = await serveBuiltApp(4183);
const recital = await serveRenderingPage();
const browser = await chromium.launch(chromiumLaunchOptions('none'));
const open = async () => {
  const page = await browser.newPage({ baseURL: app.url, viewport: { width: 1280, height: 800 } });
  // tsx marks functions with their names by a helper of its own, which a page has not.
  await page.addInitScript('globalThis.__name = (named) => named');
  return page;
};

console.log(`${CHATS} conversations with ${MESSAGES} messages each, and one with 500`);
console.log('milliseconds to the picture, of processor time, and of that where nothing else is done:');
for (const [name, { wall, busy, quiet }] of Object.entries(await measureHistory(await open()))) {
  console.log(`  ${name.padEnd(16)} ${[wall, busy, quiet].map((time) => time.toFixed(0).padStart(6)).join(' ')}`);
}
const rendering = await measureRendering(await open(), recital.url, DOCUMENT);
const { pictures, millisecondsPerPicture, parts, share, quietShare } = rendering;
console.log(`an answer shown in ${pictures} pictures; milliseconds of processor time for each:`);
console.log(`  all ${millisecondsPerPicture.toFixed(2)}, that is at most ${percent(share)} of the time`);
console.log(`  where nothing else is done ${percent(quietShare)}`);
for (const [name, milliseconds] of Object.entries(parts)) console.log(`  ${name} ${milliseconds.toFixed(2)}`);

await browser.close();
await recital.close();
await app.close();
