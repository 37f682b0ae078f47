import { readFileSync } from 'node:fs';
import type { ChatMessage, EngineOptions } from '../src/engine/api';
import { canRun } from './enginePage';
import { expect, test } from './fixtures';
import { WITHOUT_LOOKUP } from './greedyTokens';

/** e2e/nano/goldens.json: PyTorch in float32 on the bf16 weights of the demo model. */
interface Golden {
  /** A file in e2e/nano/pictures that the first message shows. */
  picture?: string;
  messages: ChatMessage[];
  promptIds: number[];
  answer: string;
  argmax: number;
  /** Logits of the first tokens of the vocabulary, after the prompt. */
  logits: number[];
}

const goldens = JSON.parse(readFileSync('e2e/nano/goldens.json', 'utf8')) as Golden[];

test('the demo model, imported as f32, computes what PyTorch computes', async ({ enginePage: page }) => {
  const { results, tiles } = await page.evaluate(async (conversations) => {
    const engine = await window.createEngine();
    const { id } = await engine.importModel({ kind: 'bundled', name: 'nano' }, { quantization: 'f32' });
    const model = await engine.load(id);
    const results = [];
    for (const messages of conversations) {
      const { tokenIds, logits } = await model.forward({ messages });
      const { choices } = await model.chat.completions.create({ messages, temperature: 0 });
      results.push({ tokenIds, logits: [...logits], answer: choices[0]!.message.content });
    }
    return { results, tiles: (await model.stats()).tilesEncoded };
  }, goldens.map(conversation));

  // Each picture is looked at once, for the logits and for the answer.
  expect(tiles).toBe(goldens.filter(({ picture }) => picture).length);
  for (const [i, { picture, promptIds, answer, argmax, logits }] of goldens.entries()) {
    const got = results[i]!;
    expect(got.tokenIds).toEqual(promptIds);
    expect(got.answer).toBe(answer);
    const largest = Math.max(...got.logits.map(Math.abs));
    expect(got.logits.indexOf(Math.max(...got.logits))).toBe(argmax);
    // A pixel may differ by one level of 255.
    const tolerance = (picture ? 1e-2 : 1e-3) * largest;
    for (const [token, logit] of logits.entries()) {
      expect(Math.abs(got.logits[token]! - logit), `prompt ${i}, token ${token}`).toBeLessThan(tolerance);
    }
  }
});

/** Kernel variants, and how many answers may be others than the reference's: where two tokens are all but equally likely. */
const VARIANTS = [
  { kernels: 'subgroups', most: 0 },
  { kernels: 'registers', most: 0 },
  { kernels: 'f16', most: 1 },
  { kernels: 'int8', most: 0 },
] as const;
/** One of so many held-out questions. */
const STRIDE = 200;

test('the demo model answers alike with every kernel variant', { tag: '@gpu' }, async ({ enginePage: page }) => {
  const heldOut = JSON.parse(readFileSync('e2e/nano/heldout.json', 'utf8')) as { messages: ChatMessage[] }[];
  const conversations = heldOut.filter((_, i) => i % STRIDE === STRIDE / 2).map(({ messages }) => messages);
  const answersWith = (options: EngineOptions) =>
    page.evaluate(
      async ({ options, conversations, withoutLookup }) => {
        const engine = await window.createEngine(options);
        const stored = await engine.listModels();
        if (stored.length === 0) await engine.importModel({ kind: 'bundled', name: 'nano' }, { id: 'nano' });
        const model = await engine.load('nano');
        const answers = [];
        for (const messages of conversations) {
          const { choices } = await model.chat.completions.create({ messages, temperature: 0, ...withoutLookup });
          answers.push(choices[0]!.message.content);
        }
        await engine.dispose();
        return answers;
      },
      { options, conversations, withoutLookup: WITHOUT_LOOKUP },
    );
  const runs = await Promise.all(VARIANTS.map(({ kernels }) => canRun(page, kernels)));
  test.skip(!runs.includes(true), 'this adapter runs f32 alone');
  const plain = await answersWith({ backend: 'cpu' });
  for (const { kernels, most } of VARIANTS.filter((_, i) => runs[i])) {
    const others = (await answersWith({ kernels })).filter((answer, i) => answer !== plain[i]);
    expect(others.length, `${kernels}: ${others.join(' | ')}`).toBeLessThanOrEqual(most);
  }
});

function conversation({ picture, messages }: Golden): ChatMessage[] {
  if (picture === undefined) return messages;
  const url = `data:image/png;base64,${readFileSync(`e2e/nano/pictures/${picture}`, 'base64')}`;
  const [first, ...rest] = messages;
  const content = [
    { type: 'image_url' as const, image_url: { url } },
    { type: 'text' as const, text: first!.content as string },
  ];
  return [{ role: 'user', content }, ...rest];
}
