import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tokenizerFromSentencePiece } from './fromSentencePiece';
import { parseSentencePieceModel } from './sentencePieceModel';
import { Random } from '../testing/random';
import { concatenated } from '../testing/safetensorsFile';
import type { TestPiece } from '../testing/sentencePieceFile';
import { bytesField, intField, pieceField, sentencePieceFile, testPieces, varint } from '../testing/sentencePieceFile';
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

/** The tokenizer that a model and a configuration make, checked as an import checks it. */
function validated(bytes: Uint8Array, config: Record<string, unknown> = {}, vocabSize = 300): Tokenizer {
  const record = { ...tokenizerFromSentencePiece(parseSentencePieceModel(bytes), config), chatTemplate: null };
  validateTokenizer(record, vocabSize);
  return new Tokenizer(record);
}

const PIECES = testPieces();
const MODEL = sentencePieceFile();
const idOf = (text: string) => PIECES.findIndex((piece) => piece.text === text);
const OWN_CLASS = { tokenizer_class: 'MiniCPMVTokenizer' };

describe('the two conventions', () => {
  test('Llama puts a space in front and does not know user-defined pieces', () => {
    const tokenizer = validated(MODEL);
    expect(tokenizer.encode('ab...')).toEqual(['<s>', '▁ab', '.', '.', '.'].map(idOf));
    expect(tokenizer.decode(tokenizer.encode('ab...'), { skipSpecialTokens: true })).toBe('ab...');
  });

  test('a class of its own does neither, and joins characters that have no piece', () => {
    const tokenizer = validated(MODEL, OWN_CLASS);
    expect(tokenizer.encode('ab...😀b😀')).toEqual(
      ['<s>', 'ab', '...', '😀b', '<0xF0>', '<0x9F>', '<0x98>', '<0x80>'].map(idOf),
    );
    expect(tokenizer.decode(['▁a', '...'].map(idOf))).toBe(' a...');
  });

  test('without `legacy` the space goes in front of the first text only', () => {
    const added_tokens_decoder = { 1: { content: '<s>', special: true }, 280: { content: '<|end|>', special: true } };
    const text = 'ab<|end|>ab';
    const encode = (legacy: boolean) => validated(MODEL, { legacy, added_tokens_decoder }).encode(text);
    expect(encode(true)).toEqual([1, idOf('▁ab'), 280, idOf('▁ab')]);
    expect(encode(false)).toEqual([1, idOf('▁ab'), 280, idOf('ab')]);
    expect(validated(MODEL, { add_prefix_space: false, added_tokens_decoder }).encode(text)).toEqual([
      1,
      idOf('ab'),
      280,
      idOf('ab'),
    ]);
  });

  test('BOS goes in front and EOS behind as the configuration says', () => {
    const bos_token = { content: '<s>' };
    expect(validated(MODEL, { bos_token, add_bos_token: false }).encode('ab')).toEqual([idOf('▁ab')]);
    expect(validated(MODEL, { bos_token, add_eos_token: true }).encode('ab')).toEqual([1, idOf('▁ab'), 2]);
    expect(validated(MODEL, { bos_token: null, eos_token: '</s>' })).toMatchObject({ bosTokenId: 1, eosTokenId: 2 });
  });

  test('added tokens name pieces anew and follow the vocabulary', () => {
    const config = { added_tokens_decoder: { 3: { content: '<image>', special: true }, 290: { content: '<think>' } } };
    const tokenizer = validated(MODEL, config);
    expect(tokenizer.encode('<image><think>', { addSpecialTokens: false })).toEqual([3, 290]);
    expect([...tokenizer.specialTokenIds]).toEqual([3]);
  });
});

describe('a tokenizer.model is refused', () => {
  const withMore = (...fields: Uint8Array[]) => concatenated([MODEL, ...fields]);
  const withPiece = (id: number, piece: Partial<TestPiece>) =>
    sentencePieceFile(PIECES.map((old, i) => (i === id ? { ...old, ...piece } : old)));
  const trainer = (...fields: Uint8Array[]) => withMore(bytesField(2, concatenated(fields)));
  const normalizer = (...fields: Uint8Array[]) => withMore(bytesField(3, concatenated(fields)));

  test.each<[string, Uint8Array, RegExp, Record<string, unknown>?]>([
    ['nothing', new Uint8Array(0), /kind than BPE/],
    ['zeros', new Uint8Array(100), /./],
    ['JSON', new TextEncoder().encode('{"model": {}}'), /./],
    ['unigrams', trainer(intField(3, 1)), /kind than BPE/],
    ['words', trainer(intField(3, 3)), /kind than BPE/],
    ['a kind to come', trainer(intField(3, 99)), /kind than BPE/],
    ['no pieces', bytesField(2, intField(3, 2)), /no pieces/],
    ['spaces behind words', trainer(intField(24, 1)), /spaces behind words/],
    ['spaces as they are', normalizer(intField(5, 0)), /spaces as they are/],
    ['a table of characters', normalizer(bytesField(2, new Uint8Array(4))), /rewriting of characters/],
    ['a space in front, for its own class', normalizer(intField(3, 1)), /adds or takes away spaces/, OWN_CLASS],
    ['spaces trimmed, for its own class', normalizer(intField(4, 1)), /adds or takes away spaces/, OWN_CLASS],
    ['a piece twice', withMore(pieceField({ text: 'ab', score: 0, type: 1 })), /"ab" is there twice/],
    ['a piece without a text', withPiece(260, { text: '' }), /without a text/],
    ['a score that is no number', withPiece(260, { score: NaN }), /without a text or a score/],
    ['a piece without end', withPiece(260, { text: 'a'.repeat(4000) }), /4000 bytes/],
    ['a piece that is no UTF-8', withMore(bytesField(1, bytesField(1, Uint8Array.of(0xff)))), /UTF-8/],
    ['a piece that is a number', withMore(intField(1, 7)), /field 1 of it has the wire type 0/],
    ['a score that is a text', withMore(bytesField(1, bytesField(2, MODEL.subarray(0, 4)))), /wire type 2/],
    ['a group', withMore(varint((9 << 3) | 3)), /wire type 3/],
    ['an unknown wire type', withMore(varint((9 << 3) | 7)), /wire type 7/],
    ['a number without end', withMore(new Uint8Array(20).fill(0xff)), /without end/],
    ['a field of more than there is', withMore(varint((9 << 3) | 2), varint(1000)), /cut off/],
    ['a field without end', withMore(varint((9 << 3) | 2), varint(2 ** 53)), /cut off/],
    [
      'a field of less than nothing',
      withMore(varint((9 << 3) | 2), new Uint8Array(9).fill(0xff), Uint8Array.of(1)),
      /cut off/,
    ],
    ['half a number', withMore(varint((9 << 3) | 5), new Uint8Array(2)), /cut off/],
    ['half a long number', withMore(varint((9 << 3) | 1), new Uint8Array(7)), /cut off/],
    ['added tokens in a list', MODEL, /added_tokens_decoder/, { added_tokens_decoder: [] }],
    ['an added token without a text', MODEL, /added_tokens_decoder/, { added_tokens_decoder: { 3: {} } }],
    ['an added token of no id', MODEL, /added_tokens_decoder/, { added_tokens_decoder: { x: { content: 'a' } } }],
    ['an added token that is a piece', MODEL, /there twice/, { added_tokens_decoder: { 290: { content: 'ab' } } }],
    ['an added token outside', MODEL, /not below 300/, { added_tokens_decoder: { 300: { content: 'x' } } }],
  ])('that has %s', (_name, bytes, place, config = {}) => {
    const outcome = expectError(() => validated(bytes, config));
    expect(outcome.message).toMatch(place);
  });

  test('that has more pieces than the model', () => {
    expect(expectError(() => validated(MODEL, {}, 269)).message).toMatch('not below 269');
  });

  const random = new Random(2);
  const damages = Array.from({ length: 250 }, () => [random.below(MODEL.length), 1 << random.below(8)] as const);
  test.each(damages)('or is a tokenizer with the byte at %i damaged in bits %i', (at, bits) => {
    const damaged = MODEL.slice();
    damaged[at]! ^= bits;
    for (const config of [{}, OWN_CLASS]) {
      try {
        const tokenizer = validated(damaged, config);
        expect(tokenizer.decode(tokenizer.encode('ab... 中'))).toBeTypeOf('string');
      } catch (error) {
        expect(['InvalidFileError', 'UnsupportedError']).toContain((error as Error).name);
      }
    }
  });

  const cuts = Array.from({ length: 50 }, (_, i) => Math.floor((MODEL.length * i) / 50));
  test.each(cuts)('cut at byte %i', (length) => {
    expectError(() => validated(MODEL.subarray(0, length)));
  });

  /** The error that `work` throws, which must be one of the two. */
  function expectError(work: () => unknown): Error {
    try {
      work();
    } catch (error) {
      expect(['InvalidFileError', 'UnsupportedError']).toContain((error as Error).name);
      return error as Error;
    }
    throw new Error('it was accepted');
  }
});
