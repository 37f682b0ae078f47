import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { three } from '../bench/table';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { argumentsOrUsage } from '../commandLine';
import type { compareProducts, Comparison, ProductTime } from '../compare/compareProducts';

/** Products of int4 weights: this engine's kernels against onnxruntime-web's MatMulNBits, on one device in one page. */

const USAGE = `npm run bench:compare -- [--gpu hardware|software] [--ort folder with node_modules/onnxruntime-web]
                         [--out e2e/results/compare.json]`;
const PORT = 4183;

const { values } = argumentsOrUsage(
  () =>
    parseArgs({
      options: {
        gpu: { type: 'string', default: 'hardware' },
        ort: { type: 'string', default: '.' },
        out: { type: 'string', default: 'e2e/results/compare.json' },
      },
    }),
  USAGE,
);
const ortPackage = resolve(values.ort, 'node_modules/onnxruntime-web');
if (!existsSync(ortPackage)) {
  console.error('onnxruntime-web is no dependency of this project. To compare: npm install --no-save onnxruntime-web');
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(join(ortPackage, 'package.json'), 'utf8')) as { version: string };

const server = await createServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { port: PORT, strictPort: true, host: '127.0.0.1' },
  optimizeDeps: { noDiscovery: true },
});
await server.listen();
const browser = await chromium.launch(chromiumLaunchOptions(values.gpu as Gpu));
try {
  const page = await browser.newPage();
  const url = `http://127.0.0.1:${PORT}/`;
  await page.route('**/compare.html', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.route('**/ort/*', (route) =>
    route.fulfill({ path: join(ortPackage, 'dist', new URL(route.request().url()).pathname.replace('/ort/', '')) }),
  );
  await page.exposeFunction('showStep', (step: string) => console.error(step));
  await page.addInitScript('globalThis.__name = (named) => named');
  await page.goto(new URL('compare.html', url).href);
  const comparison = await page.evaluate(compare, url);
  show(comparison);
  const result = { onnxruntimeWeb: version, browser: `Chromium ${browser.version()}`, ...comparison };
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, JSON.stringify(result, null, 2));
  console.log(`written to ${values.out}`);
} finally {
  await browser.close();
  await server.close();
}

/** Runs in the page. */
async function compare(url: string): Promise<Comparison> {
  const { showStep } = window as unknown as Record<'showStep', (step: string) => void>;
  const file = new URL('e2e/compare/compareProducts.ts', url).href;
  const page = (await import(file)) as { compareProducts: typeof compareProducts };
  return page.compareProducts(new URL('ort/', url).href, showStep);
}

function nameOf({ tokens, columns, rows }: ProductTime): string {
  return `M=${tokens} K=${columns} N=${rows}`;
}

/** Every time, and for each shape the fastest of both and their ratio. */
function show({ adapter, times, failures }: Comparison): void {
  console.log(`${adapter}; onnxruntime-web ${version}`);
  console.table(
    times.map((one) => ({
      shape: nameOf(one),
      engine: one.engine,
      variant: one.variant,
      'µs per product': three(one.microseconds),
      spread: `${three(100 * one.spread)} %`,
      'GB/s of codes': three(one.gigabytesPerSecond),
      'GFLOP/s': three(one.gigaflops),
    })),
  );
  const shapes = new Set(times.map(nameOf));
  console.table(
    Array.from(shapes, (shape) => {
      const members = times.filter((one) => nameOf(one) === shape);
      const fastest = (engine: string) =>
        members.filter((one) => one.engine === engine).sort((a, b) => a.microseconds - b.microseconds)[0];
      const [ours, theirs] = [fastest('this engine'), fastest('ONNX Runtime Web')];
      if (!ours || !theirs) return { shape };
      return {
        shape,
        'this engine': `${ours.variant}: ${three(ours.microseconds)} µs`,
        'ONNX Runtime Web': `${theirs.variant}: ${three(theirs.microseconds)} µs`,
        'times as fast': three(theirs.microseconds / ours.microseconds),
      };
    }),
  );
  for (const failure of failures) console.log(failure);
}
