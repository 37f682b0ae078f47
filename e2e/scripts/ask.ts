import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { build } from 'vite';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { argumentsOrUsage } from '../commandLine';
import type { Quantization } from '../../src/engine/api';
import { openEnginePage, sourceFromArgument } from '../enginePage';

const USAGE = `npm run ask -- "question" [--model nano | file.gguf | folder | URL | owner/repository] [--gpu hardware|software|none]
                        [--max-tokens 512] [--temperature 0.7] [--quantization auto|int4|int8|f16|f32]`;

/** Imported models are kept between runs, under the origin of this port. */
const PORT = 4179;
const PROFILE = 'node_modules/.cache/ask-profile';

const OPTIONS = {
  model: { type: 'string', default: 'nano' },
  gpu: { type: 'string', default: 'hardware' },
  'max-tokens': { type: 'string', default: '512' },
  temperature: { type: 'string' },
  quantization: { type: 'string', default: 'auto' },
} as const;
const GPUS = ['hardware', 'software', 'none'] as const satisfies Gpu[];
const QUANTIZATIONS = ['auto', 'int4', 'int8', 'f16', 'f32'] as const satisfies Quantization[];

const options = argumentsOrUsage(readArguments, USAGE);

/** The command line, checked. Throws where it cannot be understood. */
function readArguments() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const question = positionals.join(' ').trim();
  if (question === '') throw new Error('There is no question.');
  return {
    question,
    model: values.model,
    gpu: oneOf('--gpu', values.gpu, GPUS),
    quantization: oneOf('--quantization', values.quantization, QUANTIZATIONS),
    maxTokens: numberOf('--max-tokens', values['max-tokens'], /^0*[1-9]\d*$/, 'a whole number above 0'),
    temperature:
      values.temperature === undefined
        ? undefined
        : numberOf('--temperature', values.temperature, /^(\d+\.?\d*|\.\d+)$/, 'a number from 0 up'),
  };
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found === undefined) throw new Error(`${name} is "${value}"; it can be ${allowed.join(', ')}.`);
  return found;
}

function numberOf(name: string, text: string, expected: RegExp, description: string): number {
  if (expected.test(text)) return Number(text);
  throw new Error(`${name} is "${text}"; it must be ${description}.`);
}

/** The same file, unchanged, is not imported twice; of a bundled model its weights tell. */
function modelId(model: string): string {
  const paths = [model, join('dist/models', model, 'model.safetensors')];
  const file = paths.map((path) => statSync(path, { throwIfNoEntry: false })).find((found) => found !== undefined);
  const identity = `${model}|${file?.size}|${file?.mtimeMs}|${options.quantization}`;
  return `ask-${createHash('sha256').update(identity).digest('hex').slice(0, 12)}`;
}

if (!existsSync('dist/index.html')) {
  console.error('Building the app, which is needed once …');
  await build({ logLevel: 'warn' });
}
const app = await serveBuiltApp(PORT);
const context = await openBrowser();
try {
  const page = await context.newPage();
  await page.exposeFunction('showText', (text: string) => process.stdout.write(text));
  await page.exposeFunction('showProgress', (line: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line}`);
  });
  await openEnginePage(page, app.url);
  const source = await sourceFromArgument(page, options.model);
  const summary = await page.evaluate(answer, { ...options, source, id: modelId(options.model) });
  process.stdout.write('\n');
  console.error(summary);
} catch (error) {
  process.stderr.write('\n');
  // Of an error in the page, Playwright's message has the call and the stack around the sentence that matters.
  const message = error instanceof Error ? error.message : String(error);
  console.error(message.split('\n')[0]!.replace(/^page\.evaluate: /, ''));
  process.exitCode = 1;
} finally {
  await context.close();
  await app.close();
}

/** Leaves with a word on what to do where there is no browser to start. */
async function openBrowser() {
  try {
    return await chromium.launchPersistentContext(PROFILE, chromiumLaunchOptions(options.gpu));
  } catch (error) {
    console.error(error instanceof Error ? error.message.split('\n')[0] : error);
    console.error('No Chromium could be started. To get one: npx playwright install chromium');
    process.exit(1);
  }
}

interface Question {
  source: Awaited<ReturnType<typeof sourceFromArgument>>;
  question: string;
  id: string;
  quantization: Quantization;
  maxTokens: number;
  temperature: number | undefined;
}

/** Runs in the page. */
async function answer({ source, question, id, quantization, maxTokens, temperature }: Question): Promise<string> {
  const terminal = window as unknown as Record<'showText' | 'showProgress', (text: string) => Promise<void>>;
  const onProgress = ({ phase, loadedBytes, totalBytes }: { phase: string; loadedBytes: number; totalBytes: number }) =>
    void terminal.showProgress(`${phase} ${Math.round((100 * loadedBytes) / Math.max(1, totalBytes))} %`);

  const engine = await window.createEngine();
  const { backend, adapter, isSoftwareAdapter } = await engine.diagnostics();
  const stored = (await engine.listModels()).some((info) => info.id === id);
  if (!stored) {
    const from = source === 'files' ? { kind: 'files' as const, files: window.files } : source;
    await engine.importModel(from, { id, quantization, onProgress });
  }
  const model = await engine.load(id, { onProgress });
  await terminal.showProgress('');
  const stream = await model.chat.completions.create({
    messages: [{ role: 'user', content: question }],
    max_tokens: maxTokens,
    temperature,
    stream: true,
  });
  let summary = '';
  for await (const { choices, usage } of stream) {
    await terminal.showText(choices[0]!.delta.content ?? '');
    if (usage) {
      const gpu = isSoftwareAdapter ? 'software adapter' : adapter?.description || adapter?.vendor || 'GPU';
      const device = backend === 'cpu' ? 'CPU' : gpu;
      summary = `${usage.completion_tokens} tokens, ${usage.tokens_per_second.toFixed(1)} tokens/s, first token after ${usage.prefill_seconds.toFixed(2)} s (${device})`;
    }
  }
  return summary;
}
