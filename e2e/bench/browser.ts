import type { Page } from 'playwright';
import { chromium } from 'playwright';
import type { BenchmarkProgress, BenchmarkReport, BenchmarkShapeName } from '../../src/engine/api';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { openEnginePage } from '../enginePage';
import { shapesFor, type BenchOptions } from './options';
import { stepLine } from './table';
import { timeRealModel, type RealModelTimes } from './realModel';

export interface BrowserResult {
  browser: string;
  realModel: RealModelTimes;
  report: BenchmarkReport;
}

/** Measures the built app in headless Chromium: the way to the first token of a real model, then made-up models. */
export async function benchInBrowser(gpu: Gpu, model: string, options: BenchOptions): Promise<BrowserResult> {
  const app = await serveBuiltApp(4181);
  const browser = await chromium.launch(chromiumLaunchOptions(gpu));
  try {
    const page = await browser.newPage();
    await page.exposeFunction('showStep', (progress: BenchmarkProgress) => console.error(stepLine(progress)));
    const realModel = await timeRealModel(page, app.url, model);
    const report = await measure(page, app.url, options);
    return { browser: `Chromium ${browser.version()}`, realModel, report };
  } finally {
    await browser.close();
    await app.close();
  }
}

async function measure(page: Page, appUrl: string, options: BenchOptions): Promise<BenchmarkReport> {
  await openEnginePage(page, appUrl);
  const diagnostics = await page.evaluate(startEngine);
  const shapes = options.shapes ?? shapesFor(diagnostics);
  return page.evaluate(benchmark, {
    shapes,
    secondsPerCase: options.secondsPerCase,
    ...(options.eyes && { eyes: options.eyes }),
  });
}

/** Runs in the page. */
async function startEngine() {
  window.engine = await window.createEngine();
  return window.engine.diagnostics();
}

/** Runs in the page. */
function benchmark(request: { shapes: BenchmarkShapeName[]; secondsPerCase: number; eyes?: { layers: number } }) {
  const { showStep } = window as unknown as Record<'showStep', (progress: BenchmarkProgress) => void>;
  return window.engine.benchmark({ ...request, onProgress: showStep });
}
