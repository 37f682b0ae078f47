import { readFileSync } from 'node:fs';
import { chromium } from 'playwright';
import { serveBuiltApp } from '../builtApp';
import { chromiumLaunchOptions } from '../chromium';
import { openEnginePage } from '../enginePage';
const held = JSON.parse(readFileSync('e2e/nano/heldout.json', 'utf8')) as any[];
const app = await serveBuiltApp(4307);
const browser = await chromium.launch(chromiumLaunchOptions('none'));
const page = await browser.newPage();
await page.exposeFunction('show', (t: string) => console.log(t));
await openEnginePage(page, app.url);
await page.evaluate(async (held) => {
  const engine = await (window as any).createEngine({ backend: 'cpu' });
  const info = await engine.importModel({ kind: 'bundled', name: 'nano' }, { id: 'x' });
  const model = await engine.load('x', { contextLength: 1024 });
  const single = held.filter((h: any) => h.messages.length === 1);
  let state = 1;
  const rnd = (n: number) => { state = (state * 1103515245 + 12345) % 2147483648; return Math.floor(state / 65536) % n; };
  for (const target of [30, 150, 250, 330, 400, 500, 620, 800]) {
    let right = 0, tokens = 0, n = 0;
    for (let q = 0; q < 24; q++) {
      const one = single[(q * 37 + 5) % single.length];
      const msgs: any[] = [...one.messages];
      let len = 0;
      for (;;) {
        len = (await model.tokenize(await model.applyChatTemplate(msgs, { add_generation_prompt: true }))).length;
        if (len >= target) break;
        const other = single[rnd(single.length)];
        msgs.unshift(other.messages[0], { role: 'assistant', content: other.answer });
      }
      const { choices } = await model.chat.completions.create({ messages: msgs, temperature: 0, max_tokens: 60 });
      if (choices[0].message.content === one.answer) right++;
      tokens += len; n++;
    }
    await (window as any).show(`${target}: ${right}/${n}, mean ${Math.round(tokens / n)} tokens`);
  }
  void info;
}, held);
await browser.close();
await app.close();
