import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import { chromium } from 'playwright';
import type { ModelSource } from '../../src/engine/api';
import { chromiumLaunchOptions } from '../chromium';
import { openEnginePage } from '../enginePage';
import type { ImportFigures, LoadFigures } from './inPage';
import { decodeTokens, importModel, loadModel, readRates } from './inPage';
import { MemoryWatch, type MemoryPeaks } from './memoryWatch';

/** Room for a prompt and an answer of this test; a cache of 4096 tokens takes as much memory as the weights. */
const CONTEXT_LENGTH = 256;
/** Of the browser's own surface, what runs in a renderer: the list below an address bar that nobody types into. */
const NO_SURFACE = '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup';
const TOKENS = 2;
const MODEL_ID = 'full-size';

export interface FormatFigures {
  format: string;
  imported: ImportFigures & { peaks: MemoryPeaks; diskBytes: number };
  /** One with all limits that the adapter has, one with WebGPU's defaults. */
  loads: (LoadFigures & {
    limits: 'max' | 'default';
    loadPeaks: MemoryPeaks;
    decodePeaks: MemoryPeaks;
    decoded: Awaited<ReturnType<typeof decodeTokens>>;
  })[];
  rates: Awaited<ReturnType<typeof readRates>>;
}

/** Imports a model in a browser of its own, then loads it in two others that have the same storage. */
export async function measureFormat(format: string, source: ModelSource, appUrl: string): Promise<FormatFigures> {
  const profile = mkdtempSync(resolve('node_modules/.cache/full-size-'));
  try {
    const imported = await inBrowser(profile, appUrl, async (page, watch) => {
      const figures = await page.evaluate(importModel, { source, id: MODEL_ID });
      return { ...figures, peaks: watch.takePeaks(), diskBytes: 0 };
    });
    imported.diskBytes = diskBytes(join(profile, 'Default', 'IndexedDB'));
    console.error(`${format} imported`, imported);
    const loads: FormatFigures['loads'] = [];
    for (const limits of ['max', 'default'] as const) {
      const figures = await inBrowser(profile, appUrl, async (page, watch) => {
        const loaded = await page.evaluate(loadModel, { id: MODEL_ID, limits, contextLength: CONTEXT_LENGTH });
        const loadPeaks = watch.takePeaks();
        const decoded = await page.evaluate(decodeTokens, TOKENS);
        return { limits, ...loaded, loadPeaks, decodePeaks: watch.takePeaks(), decoded };
      });
      console.error(`${format} loaded`, figures);
      loads.push(figures);
    }
    const rates = await inBrowser(profile, appUrl, (page) => page.evaluate(readRates));
    return { format, imported, loads, rates };
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

async function inBrowser<T>(
  profile: string,
  appUrl: string,
  work: (page: Page, watch: MemoryWatch) => Promise<T>,
): Promise<T> {
  const options = chromiumLaunchOptions('software');
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    ...options,
    args: [...options.args, NO_SURFACE],
  });
  const watch = await MemoryWatch.start(context.browser()!);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await openEnginePage(page, appUrl);
    return await work(page, watch);
  } finally {
    await watch.stop();
    await context.close();
  }
}

function diskBytes(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
