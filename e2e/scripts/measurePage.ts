import { chromium } from 'playwright';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions } from '../chromium';
import { CHATS, measureHistory, measureRendering, MESSAGES } from '../pageSpeed';
import { DOCUMENT } from '../rendering/documents';
import { serveRenderingPage } from '../rendering/serve';

/** How fast the page itself is: with many conversations and long ones, and what showing an answer takes from writing it. */

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
console.log('milliseconds to the picture, and of processor time:');
for (const [name, { wall, busy }] of Object.entries(await measureHistory(await open()))) {
  console.log(`  ${name.padEnd(16)} ${wall.toFixed(0).padStart(6)} ${busy.toFixed(0).padStart(6)}`);
}
const { pictures, millisecondsPerPicture, parts, share } = await measureRendering(await open(), recital.url, DOCUMENT);
console.log(`an answer shown in ${pictures} pictures; milliseconds of processor time for each:`);
console.log(`  all ${millisecondsPerPicture.toFixed(2)}, that is at most ${(100 * share).toFixed(1)} % of the time`);
for (const [name, milliseconds] of Object.entries(parts)) console.log(`  ${name} ${milliseconds.toFixed(2)}`);

await browser.close();
await recital.close();
await app.close();
