import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { openEnginePage, sourceFromArgument } from '../enginePage';

const USAGE = `npm run ask -- "question" [--model nano | file.gguf | folder | URL | owner/repository] [--gpu hardware|software|none]
                        [--max-tokens 512] [--temperature 0.7] [--quantization auto|int4|int8|f16|f32]`;

/** Imported models are kept between runs, under the origin of this port. */
const PORT = 4179;
const PROFILE = 'node_modules/.cache/ask-profile';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'nano' },
    gpu: { type: 'string', default: 'hardware' },
    'max-tokens': { type: 'string', default: '512' },
    temperature: { type: 'string' },
    quantization: { type: 'string', default: 'auto' },
  },
});
const question = positionals.join(' ').trim();
if (question === '') {
  console.error(USAGE);
  process.exit(2);
}

/** The same file, unchanged, is not imported twice; of a bundled model its weights tell. */
function modelId(model: string): string {
  const paths = [model, join('dist/models', model, 'model.safetensors')];
  const file = paths.map((path) => statSync(path, { throwIfNoEntry: false })).find((found) => found !== undefined);
  const identity = `${model}|${file?.size}|${file?.mtimeMs}|${values.quantization}`;
  return `ask-${createHash('sha256').update(identity).digest('hex').slice(0, 12)}`;
}

const app = await serveBuiltApp(PORT);
const context = await chromium.launchPersistentContext(PROFILE, chromiumLaunchOptions(values.gpu as Gpu));
try {
  const page = await context.newPage();
  await page.exposeFunction('showText', (text: string) => process.stdout.write(text));
  await page.exposeFunction('showProgress', (line: string) => process.stderr.write(`\r\x1b[2K${line}`));
  await openEnginePage(page, app.url);
  const source = await sourceFromArgument(page, values.model);
  const summary = await page.evaluate(answer, {
    source,
    question,
    id: modelId(values.model),
    quantization: values.quantization as 'auto',
    maxTokens: Number(values['max-tokens']),
    temperature: values.temperature === undefined ? undefined : Number(values.temperature),
  });
  process.stdout.write('\n');
  console.error(summary);
} catch (error) {
  process.stderr.write('\n');
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await context.close();
  await app.close();
}

interface Question {
  source: Awaited<ReturnType<typeof sourceFromArgument>>;
  question: string;
  id: string;
  quantization: 'auto';
  maxTokens: number;
  temperature: number | undefined;
}

/** Runs in the page. */
async function answer({ source, question, id, quantization, maxTokens, temperature }: Question): Promise<string> {
  const terminal = window as unknown as Record<'showText' | 'showProgress', (text: string) => Promise<void>>;
  const onProgress = ({ phase, loadedBytes, totalBytes }: { phase: string; loadedBytes: number; totalBytes: number }) =>
    void terminal.showProgress(`${phase} ${Math.round((100 * loadedBytes) / Math.max(1, totalBytes))} %`);

  const engine = await window.createEngine();
  const { backend, adapter } = await engine.diagnostics();
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
      const device = backend === 'cpu' ? 'CPU' : adapter?.description || adapter?.vendor || 'WebGPU';
      summary = `${usage.completion_tokens} tokens, ${usage.tokens_per_second.toFixed(1)} tokens/s, first token after ${usage.prefill_seconds.toFixed(2)} s (${device})`;
    }
  }
  return summary;
}
