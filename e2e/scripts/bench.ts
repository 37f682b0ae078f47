import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import type { ModelSource } from '../../src/engine/api';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { openEnginePage, sourceFromArgument } from '../enginePage';

/** Measures import, load, prefill and decode of a model in the built app; a table to read and JSON to keep. */

const RESULT = 'e2e/results/bench.json';
const PROMPT_LENGTHS = [32, 128, 384];
const DECODE_TOKENS = 64;

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'nano' },
    gpu: { type: 'string', default: 'hardware' },
  },
});

const app = await serveBuiltApp(4181);
const browser = await chromium.launch(chromiumLaunchOptions(values.gpu as Gpu));
const page = await browser.newPage();
await openEnginePage(page, app.url);
const source = await sourceFromArgument(page, values.model);
const result = await page.evaluate(measure, { source, promptLengths: PROMPT_LENGTHS, decodeTokens: DECODE_TOKENS });
await browser.close();
await app.close();

const { rows, ...rest } = result;
console.log(rest);
console.table(rows);
mkdirSync('e2e/results', { recursive: true });
writeFileSync(RESULT, JSON.stringify(result, null, 2));
console.log(`written to ${RESULT}`);

interface Setup {
  source: ModelSource | 'files';
  promptLengths: number[];
  decodeTokens: number;
}

/** Runs in the page. */
async function measure({ source, promptLengths, decodeTokens }: Setup) {
  const seconds = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const started = performance.now();
    return [await work(), (performance.now() - started) / 1000];
  };
  const engine = await window.createEngine();
  const { backend, adapter } = await engine.diagnostics();
  const from = source === 'files' ? { kind: 'files' as const, files: window.files } : source;
  const [info, importSeconds] = await seconds(() => engine.importModel(from, { id: 'bench' }));
  const [model, loadSeconds] = await seconds(() => engine.load(info.id));
  const rows = [];
  for (const length of promptLengths.filter((n) => n + decodeTokens <= info.contextLength)) {
    // Differing first tokens keep one prompt from reusing the cache of another.
    const tokenIds = Array.from({ length }, (_, i) => (length + 7 * i) % info.vocabSize);
    const before = await model.stats();
    let firstTokenSeconds = 0;
    const started = performance.now();
    for await (const _ of model.generate(
      { tokenIds },
      { temperature: 0, max_tokens: decodeTokens, ignore_eos: true },
    )) {
      firstTokenSeconds ||= (performance.now() - started) / 1000;
    }
    const after = await model.stats();
    const decoded = after.decodeTokens - before.decodeTokens;
    rows.push({
      prompt: length,
      'prefill tokens/s': round(
        (after.prefillTokens - before.prefillTokens) / (after.prefillSeconds - before.prefillSeconds),
      ),
      'first token s': round(firstTokenSeconds),
      'dispatches per forward pass': round((after.dispatches - before.dispatches) / (after.submits - before.submits)),
      'decode tokens/s': round(decoded / (after.decodeSeconds - before.decodeSeconds)),
      'GB/s of weights': round(
        (after.weightBytesPerToken * decoded) / (after.decodeSeconds - before.decodeSeconds) / 1e9,
      ),
    });
  }
  const stats = await model.stats();
  const device = adapter ? `${adapter.vendor} ${adapter.architecture} ${adapter.description}`.trim() : 'CPU';
  return {
    model: info.name,
    backend,
    device,
    storedBytes: info.bytes,
    importSeconds: round(importSeconds),
    loadSeconds: round(loadSeconds),
    stats,
    rows,
  };

  function round(value: number): number {
    return Number(value.toPrecision(3));
  }
}
