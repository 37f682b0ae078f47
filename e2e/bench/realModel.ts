import type { Page } from 'playwright';
import type { ModelSource } from '../../src/engine/api';
import { openEnginePage, sourceFromArgument } from '../enginePage';

/** What a person waits for with a model of their own. */
export interface RealModelTimes {
  model: string;
  storedBytes: number;
  importSeconds: number;
  /** From the first call on a stored model in a page that has just been opened to its first token. */
  warmStartSeconds: number;
  /** The part of it that loads the model. */
  loadSeconds: number;
}

/** Imports a model into the built app, opens the page anew and times the way to the first token. */
export async function timeRealModel(page: Page, appUrl: string, model: string): Promise<RealModelTimes> {
  await openEnginePage(page, appUrl);
  const source = await sourceFromArgument(page, model);
  const imported = await page.evaluate(importModel, source);
  await page.reload();
  await openEnginePage(page, appUrl);
  return { ...imported, ...(await page.evaluate(firstToken)) };
}

/** Runs in the page. */
async function importModel(source: ModelSource | 'files') {
  const engine = await window.createEngine();
  const started = performance.now();
  const from = source === 'files' ? { kind: 'files' as const, files: window.files } : source;
  const info = await engine.importModel(from, { id: 'bench' });
  const importSeconds = (performance.now() - started) / 1000;
  await engine.dispose();
  return { model: info.name, storedBytes: info.bytes, importSeconds };
}

/** Runs in the page. */
async function firstToken() {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const engine = await window.createEngine();
  const model = await engine.load('bench');
  const loadSeconds = elapsed();
  const tokenIds = Array.from({ length: 16 }, (_, i) => (7 * i) % model.info.vocabSize);
  for await (const _ of model.generate({ tokenIds }, { temperature: 0, max_tokens: 1, ignore_eos: true }));
  const warmStartSeconds = elapsed();
  await engine.dispose();
  return { loadSeconds, warmStartSeconds };
}
