import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import type { ChatMessage, Quantization } from '../../src/engine/api';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { openEnginePage } from '../enginePage';

/**
 * Asks the bundled demo model every held-out question in a real browser, from the weights as the app stores them, and
 * counts exact answers per task and language. With --write the table goes into the README of the model's folder.
 */

interface HeldOut {
  task: string;
  lang: 'zh' | 'en';
  messages: ChatMessage[];
  answer: string;
}

const README = 'public/models/nano/README.md';
const { values } = parseArgs({
  options: {
    gpu: { type: 'string', default: 'hardware' },
    quantization: { type: 'string', default: 'auto' },
    write: { type: 'boolean', default: false },
    limit: { type: 'string' },
  },
});

const all = JSON.parse(readFileSync('e2e/nano/heldout.json', 'utf8')) as HeldOut[];
const questions = all.slice(0, values.limit === undefined ? all.length : Number(values.limit));

const app = await serveBuiltApp(4180);
const browser = await chromium.launch(chromiumLaunchOptions(values.gpu as Gpu));
const page = await browser.newPage();
await page.exposeFunction('showCount', (count: number) => process.stderr.write(`\r${count}/${questions.length}`));
await openEnginePage(page, app.url);
const { answers, backend } = await page.evaluate(askAll, {
  conversations: questions.map(({ messages }) => messages),
  quantization: values.quantization as Quantization,
});
await browser.close();
await app.close();
process.stderr.write('\n');

const isRight = questions.map(({ answer }, i) => answers[i]!.trim() === answer.trim());
for (const [i, { task, lang, messages, answer }] of questions.entries()) {
  if (!isRight[i])
    console.log(
      `${task}/${lang}: ${JSON.stringify(messages.at(-1)!.content)} → ${JSON.stringify(answers[i])}, not ${JSON.stringify(answer)}`,
    );
}

const rate = (picked: boolean[]) =>
  picked.length === 0
    ? '–'
    : `${((100 * picked.filter(Boolean).length) / picked.length).toFixed(1)} % (${picked.length})`;
const pick = (task: string | null, lang: string | null) =>
  isRight.filter(
    (_, i) =>
      (task ?? questions[i]!.task) === questions[i]!.task && (lang ?? questions[i]!.lang) === questions[i]!.lang,
  );
const tasks = [...new Set(questions.map(({ task }) => task))];
const table = [
  '| task | Chinese | English |',
  '| --- | ---: | ---: |',
  ...tasks.map((task) => `| ${task} | ${rate(pick(task, 'zh'))} | ${rate(pick(task, 'en'))} |`),
  `| all | ${rate(pick(null, 'zh'))} | ${rate(pick(null, 'en'))} |`,
  '',
  `Both languages: ${rate(isRight)}, weights stored as '${values.quantization}', computed on ${backend}.`,
].join('\n');
console.log(`\n${table}`);

if (values.write) {
  const readme = readFileSync(README, 'utf8');
  const marked = /(<!-- eval:nano -->)[\s\S]*?(<!-- \/eval:nano -->)/;
  if (!marked.test(readme)) throw new Error(`${README} has no marks <!-- eval:nano --> … <!-- /eval:nano -->`);
  writeFileSync(README, readme.replace(marked, `$1\n${table}\n$2`));
}

/** Runs in the page. */
async function askAll({ conversations, quantization }: { conversations: ChatMessage[][]; quantization: Quantization }) {
  const { showCount } = window as unknown as { showCount: (count: number) => Promise<void> };
  const engine = await window.createEngine();
  const { backend } = await engine.diagnostics();
  const info = await engine.importModel(
    { kind: 'bundled', name: 'nano' },
    { quantization, id: `nano-${quantization}` },
  );
  const model = await engine.load(info.id);
  const answers: string[] = [];
  for (const messages of conversations) {
    const { choices } = await model.chat.completions.create({ messages, temperature: 0, max_tokens: 80 });
    answers.push(choices[0]!.message.content);
    if (answers.length % 10 === 0) await showCount(answers.length);
  }
  return { answers, backend };
}
