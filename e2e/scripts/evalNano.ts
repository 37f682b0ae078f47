import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import type { ChatMessage, LoadOptions, Quantization } from '../../src/engine/api';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { openEnginePage } from '../enginePage';

/**
 * Asks the bundled demo model every held-out question in a real browser, from the weights as the app stores them, and
 * counts exact answers per task and language. With --write the counts go into the last column of the table in the README
 * of the model's folder.
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
    quantization: { type: 'string', default: 'int4' },
    'kv-cache': { type: 'string', default: 'auto' },
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
  kvCache: values['kv-cache'] as LoadOptions['kvCache'],
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

/** How many of the questions that a row of the table is about were answered exactly; '' stands for all. */
function count(task: string, lang: string): { right: number; asked: number; cell: string } {
  const picked = isRight.filter(
    (_, i) => [questions[i]!.task, 'all'].includes(task) && [questions[i]!.lang, ''].includes(lang),
  );
  const right = picked.filter(Boolean).length;
  return { right, asked: picked.length, cell: `${right} / ${picked.length}` };
}

const tasks = [...new Set(questions.map(({ task }) => task))];
console.table(
  Object.fromEntries(
    [...tasks, 'all'].map((task) => [task, { Chinese: count(task, 'zh').cell, English: count(task, 'en').cell }]),
  ),
);
const total = count('all', '');
const share = `${((100 * total.right) / total.asked).toFixed(1)}%`;
console.log(
  `${total.cell} (${share}), weights stored as '${values.quantization}', '${values['kv-cache']}' cache, computed on ${backend}`,
);

if (values.write) {
  const readme = readFileSync(README, 'utf8');
  const marked = /<!-- eval:nano -->[\s\S]*?<!-- \/eval:nano -->/;
  const table = marked.exec(readme)?.[0];
  if (table === undefined) throw new Error(`${README} has no marks <!-- eval:nano --> … <!-- /eval:nano -->`);
  const filled = table.replace(/^\| (\w+) \| (zh|en|) ?\|(.*)\|[^|\n]*\|$/gm, (_row, task, lang, cells) => {
    const { cell } = count(task, lang);
    return `| ${task} | ${lang} |${cells}| ${task === 'all' ? `${cell} (${share})` : cell} |`;
  });
  writeFileSync(
    README,
    readme.replace(table, () => filled),
  );
}

interface Asked {
  conversations: ChatMessage[][];
  quantization: Quantization;
  kvCache: LoadOptions['kvCache'];
}

/** Runs in the page. */
async function askAll({ conversations, quantization, kvCache }: Asked) {
  const { showCount } = window as unknown as { showCount: (count: number) => Promise<void> };
  const engine = await window.createEngine();
  const { backend } = await engine.diagnostics();
  const info = await engine.importModel(
    { kind: 'bundled', name: 'nano' },
    { quantization, id: `nano-${quantization}` },
  );
  const model = await engine.load(info.id, { kvCache });
  const answers: string[] = [];
  for (const messages of conversations) {
    const { choices } = await model.chat.completions.create({ messages, temperature: 0, max_tokens: 80 });
    answers.push(choices[0]!.message.content);
    if (answers.length % 10 === 0) await showCount(answers.length);
  }
  return { answers, backend };
}
