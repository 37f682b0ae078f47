import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tokenizerFromSentencePiece } from './fromSentencePiece';
import { parseSentencePieceModel } from './sentencePieceModel';
import { Tokenizer } from './tokenizer';
import { validateTokenizer } from './validateTokenizer';

const ORACLE = '../shared/oracle';
const SLOW = { timeout: 60_000 };

interface Goldens {
  fast: {
    vocab_size: number;
    strings: {
      text: string;
      ids: number[];
      ids_no_special: number[];
      decoded_skip_special: string;
      decoded_keep_special: string;
    }[];
  };
  sentencepiece: {
    vocab_size: number;
    special_tokens: Record<string, number>;
    strings: { text: string; ids: number[]; sentencepiece_ids_plain: number[]; decoded: string }[];
  };
}

const FOLDERS = ['tokenizers', 'tiny-tokenizers']
  .map((kind) => `${ORACLE}/${kind}`)
  .flatMap((path) => (existsSync(path) ? readdirSync(path).map((name) => `${path}/${name}`) : []))
  .filter((folder) => existsSync(`${folder}/tokenizer.model`));

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function tokenizerOf(folder: string, config: Record<string, unknown>) {
  const record = tokenizerFromSentencePiece(parseSentencePieceModel(readFileSync(`${folder}/tokenizer.model`)), config);
  return { ...record, chatTemplate: null };
}

/** Added tokens as tokenizer_config.json writes them. */
function addedTokens(ids: Record<string, number>): Record<string, { content: string; special: boolean }> {
  return Object.fromEntries(Object.entries(ids).map(([content, id]) => [id, { content, special: true }]));
}

describe.each(FOLDERS)('%s/tokenizer.model', (folder) => {
  const goldens = readJson<Goldens>(`${folder}/goldens.json`);
  const config = readJson<Record<string, unknown>>(`${folder}/tokenizer_config.json`);

  test("encodes and decodes as Llama's fast tokenizer", SLOW, () => {
    const record = tokenizerOf(folder, { ...config, tokenizer_class: 'LlamaTokenizer' });
    validateTokenizer(record, goldens.fast.vocab_size);
    const tokenizer = new Tokenizer(record);
    for (const golden of goldens.fast.strings) {
      expect.soft(tokenizer.encode(golden.text), golden.text).toEqual(golden.ids);
      expect
        .soft(tokenizer.encode(golden.text, { addSpecialTokens: false }), golden.text)
        .toEqual(golden.ids_no_special);
      expect.soft(tokenizer.decode(golden.ids, { skipSpecialTokens: true })).toBe(golden.decoded_skip_special);
      expect.soft(tokenizer.decode(golden.ids)).toBe(golden.decoded_keep_special);
    }
  });

  test('encodes as sentencepiece itself for a class of its own', SLOW, () => {
    const { special_tokens: special, strings, vocab_size: vocabSize } = goldens.sentencepiece;
    const own = { tokenizer_class: 'MiniCPMVTokenizer', added_tokens_decoder: addedTokens(special) };
    const record = tokenizerOf(folder, own);
    validateTokenizer(record, vocabSize);
    const tokenizer = new Tokenizer(record);
    for (const golden of strings) expect.soft(tokenizer.encode(golden.text), golden.text).toEqual(golden.ids);
    const plain = new Tokenizer(tokenizerOf(folder, { ...own, added_tokens_decoder: {} }));
    for (const { text, sentencepiece_ids_plain: ids, decoded } of strings) {
      expect.soft(plain.encode(text, { addSpecialTokens: false }), text).toEqual(ids);
      expect.soft(plain.decode(ids), text).toBe(decoded);
    }
  });
});
