import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TokenizerRecord } from '../checkpoint/manifest';
import type { ChatMessage, ImagePart, TextPart } from '../protocol/chat';
import { miniTokenizer } from '../testing/miniTokenizer';
import { Tokenizer } from './tokenizer';
import { validateTokenizer } from './validateTokenizer';

const ORACLE = '../shared/oracle';
const FOLDERS = ['tokenizers', 'tiny-tokenizers']
  .map((kind) => `${ORACLE}/${kind}`)
  .flatMap((path) => (existsSync(path) ? readdirSync(path).map((name) => `${path}/${name}`) : []));

interface Goldens {
  fast?: {
    vocab_size: number;
    strings: {
      text: string;
      ids: number[];
      ids_no_special: number[];
      decoded_skip_special: string;
      decoded_keep_special: string;
    }[];
    stream: { ids: number[]; prefix_decodes: string[] };
  };
  chat_template?: string;
  chat?: {
    case: string;
    messages: { role: ChatMessage['role']; content: string | ({ type: 'image' } | TextPart)[] }[];
    add_generation_prompt: boolean;
    variables: Record<string, unknown>;
    text?: string;
    error?: string;
  }[];
}

function readGoldens(folder: string): Goldens {
  return JSON.parse(readFileSync(`${folder}/goldens.json`, 'utf8'));
}

function readJson(path: string): Record<string, unknown> {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

function recordOf(folder: string): TokenizerRecord {
  if (folder.endsWith('minicpm-2b-derived')) return derived2b(folder.replace('minicpm-2b-derived', 'minicpm-v-2'));
  return {
    tokenizer: readJson(`${folder}/tokenizer.json`),
    config: readJson(`${folder}/tokenizer_config.json`),
    chatTemplate: null,
  };
}

/** The fast tokenizer of MiniCPM-2B: that of MiniCPM-V 2 without its twelve picture tokens. */
function derived2b(folder: string): TokenizerRecord {
  const config = readJson(`${folder}/tokenizer_config.json`);
  const { added_tokens, ...tokenizer } = readJson(`${folder}/tokenizer.json`);
  const kept = (added_tokens as { id: number }[]).filter(({ id }) => id < 3);
  return { tokenizer: { ...tokenizer, added_tokens: kept }, config, chatTemplate: null };
}

test.skipIf(FOLDERS.length === 0)('the oracle lies beside this checkout; without it no golden is compared', () => {
  expect(FOLDERS.filter((folder) => readGoldens(folder).fast)).not.toHaveLength(0);
});

describe.each(FOLDERS.filter((folder) => readGoldens(folder).fast))('%s, fast tokenizer', (folder) => {
  const record = recordOf(folder);
  const fast = readGoldens(folder).fast!;
  const tokenizer = new Tokenizer(record);

  test('the file is valid, and one id too many for a smaller model', { timeout: 60_000 }, () => {
    validateTokenizer(record, fast.vocab_size);
    expect(() => validateTokenizer(record, fast.vocab_size - 1)).toThrow(`not below ${fast.vocab_size - 1}`);
  });

  test.each(fast.strings)('$text', ({ text, ids, ids_no_special, decoded_skip_special, decoded_keep_special }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids_no_special);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(decoded_skip_special);
    expect(tokenizer.decode(ids)).toBe(decoded_keep_special);
  });

  test('every prefix decodes alike; the stream is never ahead of it and never shows half a character', () => {
    const decoder = tokenizer.streamDecoder({ skipSpecialTokens: true });
    let shown = '';
    fast.stream.prefix_decodes.forEach((expected, i) => {
      const tokenId = fast.stream.ids[i]!;
      expect(tokenizer.decode(fast.stream.ids.slice(0, i + 1), { skipSpecialTokens: true })).toBe(expected);
      shown += decoder.push(tokenId);
      expect(expected.replace(/\uFFFD+$/, '').startsWith(shown)).toBe(true);
      // Only a run of byte pieces is held back to its end.
      if (!decoder.isHolding) expect(shown).toBe(expected);
      else expect(tokenizer.pieceOf(tokenId)).toMatch(/^<0x..>$|[^ -~]/);
    });
    expect(shown + decoder.end()).toBe(fast.stream.prefix_decodes.at(-1));
  });
});

describe.each(FOLDERS.filter((folder) => readGoldens(folder).chat))('%s, chat template', (folder) => {
  const { chat, chat_template } = readGoldens(folder);
  const jinja = `${folder}/chat_template.jinja`;
  const tokenizer = new Tokenizer({
    ...miniTokenizer(),
    config: readJson(`${folder}/tokenizer_config.json`),
    chatTemplate: existsSync(jinja) ? readFileSync(jinja, 'utf8') : chat_template!,
  });
  const seesPictures = tokenizer.chatTemplate.includes('<|image_pad|>');

  test.each(chat!)('$case, generation prompt $add_generation_prompt, $variables', (golden) => {
    const messages = golden.messages.map((message) => ({ ...message, content: toContent(message.content) }));
    const variables = { add_generation_prompt: golden.add_generation_prompt, ...golden.variables };
    const options = seesPictures ? { imagePlaceholder: () => '<|image_pad|>' } : {};
    const render = () => tokenizer.renderChat(messages, variables, options);
    if (seesPictures || !golden.case.startsWith('image')) {
      expect(render()).toBe(golden.text);
      return;
    }
    // A text model's template fails on parts or drops what they say; both are a refusal here.
    expect(golden.error ?? golden.text).not.toContain('What is in the image?');
    expect(render).toThrow(expect.objectContaining({ name: 'UnsupportedError' }));
  });
});

function toContent(content: string | ({ type: 'image' } | TextPart)[]): ChatMessage['content'] {
  const image: ImagePart = { type: 'image_url', image_url: { url: 'data:,' } };
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'image' ? image : part));
}
