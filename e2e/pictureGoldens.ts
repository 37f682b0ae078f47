import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatMessage } from '../src/engine/api';
import { ORACLE } from './fixtures';
import { goldenPrompts, type GoldenPrompt } from './goldens';

/** A prompt with pictures, or, of a model whose language model no other test has, of text alone: then without messages. */
export interface PicturePrompt extends GoldenPrompt {
  messages: ChatMessage[] | null;
}

/** The files of a model that sees; `tokenizer` is the folder of one for those that bring none. */
export function filesOf(model: string, variant: string, tokenizer: string | null): string[] {
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
export function picturePrompts(model: string, variant: string): PicturePrompt[] {
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
