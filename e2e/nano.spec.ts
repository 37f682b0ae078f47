import { readFileSync } from 'node:fs';
import type { ChatMessage } from '../src/engine/api';
import { expect, test } from './fixtures';

/** e2e/nano/goldens.json: PyTorch in float32 on the bf16 weights of the demo model. */
interface Golden {
  messages: ChatMessage[];
  promptIds: number[];
  answer: string;
  argmax: number;
  /** Logits of the first tokens of the vocabulary, after the prompt. */
  logits: number[];
}

const goldens = JSON.parse(readFileSync('e2e/nano/goldens.json', 'utf8')) as Golden[];

test('the demo model, imported as f32, computes what PyTorch computes', async ({ enginePage: page }) => {
  const results = await page.evaluate(
    async (conversations) => {
      const engine = await window.createEngine();
      const { id } = await engine.importModel({ kind: 'bundled', name: 'nano' }, { quantization: 'f32' });
      const model = await engine.load(id);
      const results = [];
      for (const messages of conversations) {
        const { tokenIds, logits } = await model.forward({ messages });
        const { choices } = await model.chat.completions.create({ messages, temperature: 0 });
        results.push({ tokenIds, logits: [...logits], answer: choices[0]!.message.content });
      }
      return results;
    },
    goldens.map(({ messages }) => messages),
  );

  for (const [i, { promptIds, answer, argmax, logits }] of goldens.entries()) {
    const got = results[i]!;
    expect(got.tokenIds).toEqual(promptIds);
    expect(got.answer).toBe(answer);
    const largest = Math.max(...got.logits.map(Math.abs));
    expect(got.logits.indexOf(Math.max(...got.logits))).toBe(argmax);
    for (const [token, logit] of logits.entries()) {
      expect(Math.abs(got.logits[token]! - logit), `prompt ${i}, token ${token}`).toBeLessThan(1e-3 * largest);
    }
  }
});
