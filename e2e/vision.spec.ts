import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatMessage } from '../src/engine/api';
import { giveFiles } from './enginePage';
import { expect, hasOracle, ORACLE, test } from './fixtures';
import { goldenPrompts, type GoldenPrompt } from './goldens';

/** Pictures from the file to the logits: decoded, cut, looked at and spoken about as by the models' authors. */

test.skip(!hasOracle, 'the oracle folder with the tiny models is not here');

/** Model, goldens, and the folder of its tokenizer for those that bring none. */
const MODELS = [
  ['tiny-minicpmv-2', 'bf16', 'v1027'],
  ['tiny-minicpmv-2', 'gguf-Q4_K_M', null],
  ['tiny-minicpmv-1', 'bf16', 'v1027'],
  ['tiny-minicpmv-4.0', 'bf16', 'chatml782'],
  ['tiny-minicpmv-4.0', 'gguf-Q4_K_M', null],
  ['tiny-minicpmv-4.6', 'bf16', 'bytelevel700'],
] as const;

/** A prompt with pictures, or, of a model whose language model no other test has, of text alone: then without messages. */
interface PicturePrompt extends GoldenPrompt {
  messages: ChatMessage[] | null;
}

for (const [model, variant, tokenizer] of MODELS) {
  test(`${model} ${variant} sees the pictures of messages`, async ({ enginePage: page }) => {
    await giveFiles(page, filesOf(model, variant, tokenizer));
    await page.evaluate(async () => {
      window.engine = await window.createEngine({ limits: 'default', features: [] });
      const source = { kind: 'files' as const, files: window.files };
      const { id } = await window.engine.importModel(source, { quantization: 'f32' });
      window.model = await window.engine.load(id, { kvCache: 'f32' });
    });
    for (const prompt of picturePrompts(model, variant)) {
      const { tokenIds, logits, greedy, before, after } = await page.evaluate(answer, {
        input: prompt.messages ? { messages: prompt.messages } : { tokenIds: prompt.inputIds },
        steps: prompt.greedy.tokens.length,
      });
      const where = `prompt ${prompt.index}`;
      expect(tokenIds, where).toEqual(prompt.inputIds);
      const difference = prompt.logitsLast.reduce((most, logit, i) => Math.max(most, Math.abs(logits[i]! - logit)), 0);
      expect(difference / prompt.logitsStd, where).toBeLessThan(2e-3);
      // A near-tie may go either way.
      const nearTie = prompt.greedy.margins.findIndex((margin) => margin < 2 * difference);
      const steps = nearTie < 0 ? prompt.greedy.tokens.length : nearTie;
      expect(greedy.slice(0, steps), where).toEqual(prompt.greedy.tokens.slice(0, steps));
      if (!prompt.messages) continue;
      // The picture of the second call is the one of the first.
      expect(after.tilesEncoded, where).toBe(before.tilesEncoded);
      expect(after.tilesReused, where).toBeGreaterThan(before.tilesReused);
    }
  });
}

function answer({ input, steps }: { input: { messages: ChatMessage[] } | { tokenIds: number[] }; steps: number }) {
  const { model } = window;
  return (async () => {
    const { logits, tokenIds } = await model.forward(input);
    const before = await model.stats();
    const greedy = { temperature: 0, repetition_penalty: 1, max_tokens: steps, ignore_eos: true };
    const tokens: number[] = [];
    if ('messages' in input) {
      const request = { ...input, ...greedy, logprobs: true, stream: false as const };
      const { choices } = await model.chat.completions.create(request);
      tokens.push(...choices[0]!.logprobs!.content.map((token) => token.token_id));
    } else {
      for await (const { tokenId } of model.generate(input, greedy)) tokens.push(tokenId);
    }
    const after = await model.stats();
    return { logits: [...logits], tokenIds, greedy: tokens, before, after };
  })();
}

function filesOf(model: string, variant: string, tokenizer: string | null): string[] {
  const folder = join(ORACLE, model, tokenizer === null ? 'gguf' : 'safetensors-bf16');
  const files = readdirSync(folder).map((file) => join(folder, file));
  if (tokenizer === null) return files.filter((file) => file.includes('mmproj') || file.includes(variant.slice(5)));
  const names = ['tokenizer.json', 'tokenizer.model', 'tokenizer_config.json'].map((name) =>
    join(ORACLE, 'tiny-tokenizers', tokenizer, name),
  );
  // The other tokenizers bring their template.
  const template = join(ORACLE, 'tokenizers/minicpm-v-4.6/chat_template.jinja');
  return [...files, ...names.filter(existsSync), ...(model === 'tiny-minicpmv-4.6' ? [template] : [])];
}

/** The prompts with pictures, as messages; of 4.6 also those of text, since no other test has its language model. */
function picturePrompts(model: string, variant: string): PicturePrompt[] {
  const { prompts } = JSON.parse(readFileSync(join(ORACLE, model, 'goldens', `${variant}.json`), 'utf8')) as {
    prompts: { index: number; image?: string; images?: string[]; question?: string; prompt_text?: string }[];
  };
  const goldens = goldenPrompts(join(ORACLE, model, 'goldens', variant));
  return prompts.flatMap((prompt): PicturePrompt[] => {
    const golden = goldens.find(({ index }) => index === prompt.index)!;
    const { image, images = image === undefined ? [] : [image] } = prompt;
    if (images.length === 0) return model === 'tiny-minicpmv-4.6' ? [{ ...golden, messages: null }] : [];
    // The goldens of 4.6 have the question in the rendered chat alone.
    const question = prompt.question ?? /([^\n]*)<\|im_end\|>/.exec(prompt.prompt_text ?? '')?.[1];
    if (question === undefined) return [];
    const pictures = images.map((path) => {
      const url = `data:image/png;base64,${readFileSync(join(ORACLE, model, path)).toString('base64')}`;
      return { type: 'image_url' as const, image_url: { url } };
    });
    return [{ ...golden, messages: [{ role: 'user', content: [...pictures, { type: 'text', text: question }] }] }];
  });
}
