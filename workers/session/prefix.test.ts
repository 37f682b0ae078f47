import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TokenizerRecord } from '../checkpoint/manifest';
import type { ChatMessage } from '../protocol/chat';
import { Tokenizer } from '../tokenizer/tokenizer';
import { commonPrefixLength } from './prefix';

test.each([
  [[], [], 0],
  [[1, 2], [], 0],
  [[1, 2, 3], [1, 2], 2],
  [[1, 2, 3], [1, 9, 3], 1],
  [[7], [8], 0],
])('%j and %j share %i tokens', (a, b, length) => {
  expect(commonPrefixLength(a, b)).toBe(length);
  expect(commonPrefixLength(b, a)).toBe(length);
});

const ORACLE = '../shared/oracle';
const list = (folder: string) => (existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : []);
const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8'));

/** Tokenizers with their own templates, and published byte-level templates on the tiny byte-level vocabularies. */
function conversationFormats(): [string, TokenizerRecord][] {
  const published = list(`${ORACLE}/tokenizers`).map((folder) => `${folder}/chat_template.jinja`);
  const folders = ['public/models/nano', ...list(`${ORACLE}/tokenizers`), ...list(`${ORACLE}/tiny-tokenizers`)];
  return folders
    .filter((folder) => existsSync(`${folder}/tokenizer.json`))
    .flatMap((folder): [string, TokenizerRecord][] => {
      const tokenizer = readJson(`${folder}/tokenizer.json`);
      const config = readJson(`${folder}/tokenizer_config.json`);
      const templates = folder.includes('bytelevel') ? published.filter((path) => existsSync(path)) : [null];
      return templates.map((template) => [
        template === null ? folder : `${folder} with ${template}`,
        { tokenizer, config, chatTemplate: template && readFileSync(template, 'utf8') } as TokenizerRecord,
      ]);
    });
}

const ANSWERS = [
  'Paris.',
  '27+15=42',
  '你好！有什么可以帮你？',
  ' leading and trailing space ',
  '> quoted\n\n```js\nif (a >= b) {}\n```\n',
  '<AI> is not the end',
  '🙂\u200d↔️ 三、四……',
];

describe('a turn more leaves the tokens of the turns before as they were', () => {
  test.each(conversationFormats())('%s', (_, record) => {
    const tokenizer = new Tokenizer(record);
    const variables = { enable_thinking: false };
    for (const answer of ANSWERS) {
      let messages: ChatMessage[] = [{ role: 'user', content: 'Question 0 你好' }];
      for (let turn = 0; turn < 3; turn++) {
        const before = tokenizer.renderChat(messages, variables);
        const next = { role: 'user', content: `Question ${turn + 1} 你好` } as const;
        messages = [...messages, { role: 'assistant', content: answer }, next];
        const after = tokenizer.renderChat(messages, variables);
        // Some templates begin an answer with an empty thought, and leave it out once the next turn has begun.
        const shared = before.slice(0, commonPrefixLength(codeUnits(before), codeUnits(after)));
        expect(shared).toContain(`Question ${turn} 你好`);
        const reused = commonPrefixLength(tokenizer.encodePrompt(before), tokenizer.encodePrompt(after));
        // The token at the seam may be merged with what follows.
        expect(reused, answer).toBeGreaterThanOrEqual(tokenizer.encodePrompt(shared).length - 1);
      }
    }
  });
});

function codeUnits(text: string): number[] {
  return text.split('').map((unit) => unit.charCodeAt(0));
}
