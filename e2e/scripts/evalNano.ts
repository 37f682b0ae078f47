import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import type { ChatMessage, LoadOptions, Quantization } from '../../src/engine/api';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions, type Gpu } from '../chromium';
import { openEnginePage } from '../enginePage';
import { heldOut } from '../nano/heldOut';
import { drawPicture } from '../nano/pictures';

/**
 * Asks the bundled demo model every held-out question in a real browser, from the weights as the app stores them, and
 * counts exact answers per task and language. Pictures are drawn on a canvas. With --write the counts go into the last
 * column of the tables in the README of the model's folder.
 */

const README = 'public/models/nano/README.md';
const { values } = parseArgs({
  options: {
    gpu: { type: 'string', default: 'hardware' },
    quantization: { type: 'string', default: 'int4' },
    'kv-cache': { type: 'string', default: 'auto' },
    write: { type: 'boolean', default: false },
    /** text, pictures or both */
    about: { type: 'string', default: 'both' },
    limit: { type: 'string' },
  },
});

const app = await serveBuiltApp(4180);
const browser = await chromium.launch(chromiumLaunchOptions(values.gpu as Gpu));
const page = await browser.newPage();
await openEnginePage(page, app.url);
const all = await heldOut((picture) => page.evaluate(drawPicture, picture));
const canSee = 'vision_encoder' in (JSON.parse(readFileSync('public/models/nano/config.json', 'utf8')) as object);
const questions = all
  .filter(({ about }) => [about, 'both'].includes(values.about) && (canSee || about === 'text'))
  .slice(0, values.limit === undefined ? all.length : Number(values.limit));
await page.exposeFunction('showCount', (count: number) => process.stderr.write(`\r${count}/${questions.length}`));
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
      `${task}/${lang}: ${JSON.stringify(textOf(messages.at(-1)!))} → ${JSON.stringify(answers[i])}, not ${JSON.stringify(answer)}`,
    );
}

function textOf({ content }: ChatMessage): string {
  return typeof content === 'string'
    ? content
    : content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/**
 * How many of the questions that a row of a table is about were answered exactly. `task` is also 'text' or 'pictures', for
 * all of those; the language '' stands for both.
 */
function count(task: string, lang: string): { asked: number; cell: string } {
  const picked = isRight.filter(
    (_, i) => [questions[i]!.task, questions[i]!.about].includes(task) && [questions[i]!.lang, ''].includes(lang),
  );
  const right = picked.filter(Boolean).length;
  const share = lang === '' ? ` (${((100 * right) / picked.length).toFixed(1)}%)` : '';
  return { asked: picked.length, cell: `${right} / ${picked.length}${share}` };
}

const tasks = [...new Set(questions.flatMap(({ about, task }) => [task, about]))];
console.table(
  Object.fromEntries(
    tasks.map((task) => [
      task,
      { Chinese: count(task, 'zh').cell, English: count(task, 'en').cell, both: count(task, '').cell },
    ]),
  ),
);
console.log(`weights stored as '${values.quantization}', '${values['kv-cache']}' cache, computed on ${backend}`);

if (values.write) {
  const readme = readFileSync(README, 'utf8');
  const filled = readme.replace(
    /^\| (\w+) \| (zh|en|) ?\|(.*)\|[^|\n]*\|$/gm,
    (row: string, task: string, lang: string, cells: string) => {
      const { asked, cell } = count(task, lang);
      return asked === 0 ? row : `| ${task} | ${lang} |${cells}| ${cell} |`;
    },
  );
  writeFileSync(README, filled);
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
