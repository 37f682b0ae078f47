import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { installedChromium } from '../chromium';
import { serveAsStaticHost } from '../staticHost';

/**
 * Lighthouse on the built app, as a mid-range phone on a slow mobile network sees it for the first time (its own default
 * profile). It brings more than a hundred packages and is fetched by npx for this alone.
 */

const LIGHTHOUSE = 'lighthouse@13.5.0';
const FOLDER = 'e2e/results/audit';
/** What a page of a good app has at least, in hundredths. */
const LEAST = { performance: 95, accessibility: 100, 'best-practices': 100 };
const MOST_SECONDS_TO_INTERACTIVE = 2;
/**
 * Lighthouse's phone is a high-end desktop, whose benchmark index is about 1750, four times slowed down. A computer that is
 * slower than that, or busy, is slowed down less.
 */
const PHONE_INDEX = 1750 / 4;
/** Timings of one run vary: the middle one of several counts. */
const RUNS = Number(process.argv[2] ?? 3);

interface LighthouseResult {
  categories: Record<keyof typeof LEAST, { score: number; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { title: string; score: number | null; numericValue?: number }>;
  environment: { benchmarkIndex: number };
}

const METRICS = {
  'first-contentful-paint': 'first paint, s',
  'largest-contentful-paint': 'largest paint, s',
  interactive: 'interactive, s',
  'speed-index': 'speed index, s',
  'total-blocking-time': 'blocked, s',
};

mkdirSync(FOLDER, { recursive: true });
const app = await serveAsStaticHost();
const results: LighthouseResult[] = [];
let { benchmarkIndex } = (await audit(app.url, 1)).environment;
for (let i = 0; i < RUNS; i++) {
  const slowdown = Math.max(1, benchmarkIndex / PHONE_INDEX);
  const result = await audit(app.url, slowdown);
  results.push(result);
  benchmarkIndex = result.environment.benchmarkIndex;
  console.log(`run ${i + 1}: benchmark index ${benchmarkIndex}, slowed down ${slowdown.toFixed(2)} times`);
}
await app.close();

const failures = [];
for (const [category, least] of Object.entries(LEAST) as [keyof typeof LEAST, number][]) {
  const scores = results.map(({ categories }) => Math.round(100 * categories[category].score));
  const score = median(scores);
  console.log(`${category.padEnd(20)} ${score}  (${scores.join(', ')})`);
  if (score < least) failures.push(`${category}: ${score} of ${least}: ${lowAudits(results[0]!, category)}`);
}
for (const [id, name] of Object.entries(METRICS)) {
  const seconds = results.map(({ audits }) => (audits[id]?.numericValue ?? NaN) / 1000);
  console.log(`${name.padEnd(20)} ${median(seconds).toFixed(2)}  (${seconds.map((one) => one.toFixed(2)).join(', ')})`);
  if (id === 'interactive' && !(median(seconds) < MOST_SECONDS_TO_INTERACTIVE)) failures.push(name);
}
const shifts = results.map(({ audits }) => audits['cumulative-layout-shift']?.numericValue ?? NaN);
console.log(`${'layout shift'.padEnd(20)} ${median(shifts).toFixed(3)}`);
if (failures.length > 0) console.log(`\nmissed: ${failures.join('; ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function audit(url: string, slowdown: number): Promise<LighthouseResult> {
  const file = join(FOLDER, 'lighthouse.json');
  const flags = '--headless=new --no-sandbox --disable-gpu';
  const options = [`--chrome-flags=${flags}`, '--output=json', `--output-path=${file}`, '--quiet'];
  options.push(`--only-categories=${Object.keys(LEAST).join(',')}`, `--throttling.cpuSlowdownMultiplier=${slowdown}`);
  const env = { ...process.env, CHROME_PATH: installedChromium() ?? chromium.executablePath() };
  const run = spawn('npx', ['--yes', LIGHTHOUSE, url, ...options], { env, stdio: 'inherit' });
  const [status] = (await once(run, 'close')) as [number | null];
  if (status !== 0) throw new Error(`Lighthouse ended with status ${status}`);
  return JSON.parse(readFileSync(file, 'utf8')) as LighthouseResult;
}

function lowAudits({ categories, audits }: LighthouseResult, category: keyof typeof LEAST): string {
  const low = categories[category].auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 1);
  return low.map(({ id }) => `${audits[id]!.title} (${audits[id]!.score})`).join(', ');
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
