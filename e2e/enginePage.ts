import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import type { createEngine, Engine, KernelVariant, Model, ModelSource } from '../src/engine/api';
import { parseModelSource } from '../src/sources/namedSource';

declare global {
  interface Window {
    createEngine: typeof createEngine;
    engine: Engine;
    model: Model;
    /** The files last handed over by `giveFiles`. */
    files: File[];
  }
}

/** Opens an empty page of the app's origin with the public API at `window.createEngine`. */
export async function openEnginePage(page: Page, appUrl: string): Promise<void> {
  await page.route('**/engine-test.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><input type="file" multiple>' }),
  );
  // tsx has named functions call this helper, which functions that run in the page do not bring along.
  await page.addInitScript('globalThis.__name = (named) => named');
  await page.goto(new URL('engine-test.html', appUrl).href);
  await page.evaluate(async () => {
    const api = (await import(new URL('api.js', location.href).href)) as { createEngine: typeof createEngine };
    window.createEngine = api.createEngine;
  });
}

/** Hands local files to the page as `window.files`; a folder stands for the files in it. */
export async function giveFiles(page: Page, paths: string[]): Promise<void> {
  const files = paths.flatMap((path) => (statSync(path).isDirectory() ? filesIn(path) : [path]));
  await page.setInputFiles('input[type=file]', files);
  await page.evaluate(() => {
    window.files = [...document.querySelector('input')!.files!];
  });
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(folder, name));
}

/** What a person writes on a command line → a model source; local paths are handed to the page. */
export async function sourceFromArgument(page: Page, model: string): Promise<ModelSource | 'files'> {
  if (existsSync(model)) {
    await giveFiles(page, [model]);
    return 'files';
  }
  const named = parseModelSource(model, 'automatic');
  if (named) return named.source;
  if (/^[\w-]+$/.test(model)) return { kind: 'bundled', name: model };
  throw new Error(`${model}: no such file or folder`);
}

/** Whether the page's device has what a kernel variant needs. */
export function canRun(page: Page, kernels: KernelVariant): Promise<boolean> {
  return page.evaluate(async (kernels) => {
    const engine = await window.createEngine({ kernels });
    const { kernels: reports } = await engine.diagnostics();
    await engine.dispose();
    return reports.some(({ name, state }) => name === `matmul ${kernels}` && state === 'available');
  }, kernels);
}

/** Whether the page's device is made of software. */
export function isSoftwareAdapter(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const engine = await window.createEngine();
    const { isSoftwareAdapter } = await engine.diagnostics();
    await engine.dispose();
    return isSoftwareAdapter;
  });
}

/** The kernel variants that the page's model computes with. */
export function activeKernels(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { kernels } = await window.engine.diagnostics();
    return kernels.filter(({ state }) => state === 'active').map(({ name }) => name);
  });
}
