import { createRequire } from 'node:module';
import { serveBuiltApp } from '/work/wt/getting/e2e/builtApp';
import { openEnginePage } from '/work/wt/getting/e2e/enginePage';
import { chromiumLaunchOptions } from '/work/wt/getting/e2e/chromium';
import { MemoryWatch } from '/work/wt/getting/e2e/fullSize/memoryWatch';
import { decodeTokens, loadModel, readRates } from '/work/wt/getting/e2e/fullSize/inPage';
const require = createRequire('/work/wt/getting/package.json');
const { chromium } = require('playwright');
const [profile, limits = 'max', tokens = '0'] = process.argv.slice(2);
const app = await serveBuiltApp(4195);
const ctx = await chromium.launchPersistentContext(profile, chromiumLaunchOptions('software'));
const watch = await MemoryWatch.start(ctx.browser());
const page = ctx.pages()[0];
page.on('console', (m: any) => console.log('console', m.text()));
await openEnginePage(page, app.url);
if (limits === 'rates') {
  console.log(await page.evaluate(readRates));
  console.log(watch.takePeaks());
} else {
  const timer = setInterval(() => {
    const p = (watch as any).takePeaks();
    const all: any = globalThis as any;
    all.peaks ??= {};
    for (const k in p) all.peaks[k] = Math.max(all.peaks[k] ?? 0, p[k]);
    console.log(
      new Date().toISOString().slice(14, 19),
      Object.entries(p)
        .map(([k, v]: any) => `${k} ${Math.round(v / 1e6)}`)
        .join(' '),
    );
  }, 3000);
  const out = await Promise.race([
    page.evaluate(loadModel, { id: 'full-size', limits, contextLength: 512 }),
    new Promise((r) => setTimeout(() => r('TIMEOUT'), 200_000)),
  ]);
  console.log(out, (globalThis as any).peaks);
  if (Number(tokens)) console.log(await page.evaluate(decodeTokens, Number(tokens)));
  clearInterval(timer);
}
await watch.stop();
await ctx.close();
await app.close();
process.exit(0);
