import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readGgufHeader, type GgufMetadata, type GgufValue } from '../checkpoint/gguf';
import { tokenizerFromGguf } from './fromGguf';
import { Tokenizer } from './tokenizer';
import { validateTokenizer } from './validateTokenizer';

const ORACLE = '../shared/oracle';
const SLOW = { timeout: 60_000 };

interface TokenizerJson {
  added_tokens: { id: number; content: string; special: boolean }[];
  model: { vocab: Record<string, number>; merges: (string | string[])[] };
}

interface Goldens {
  fast: {
    strings: {
      text: string;
      ids: number[];
      ids_no_special: number[];
      decoded_skip_special: string;
      decoded_keep_special: string;
    }[];
  };
}

function readTokenizerJson(folder: string): TokenizerJson {
  return JSON.parse(readFileSync(`${folder}/tokenizer.json`, 'utf8'));
}

function expectGoldens(metadata: GgufMetadata, folder: string): void {
  const goldens: Goldens = JSON.parse(readFileSync(`${folder}/goldens.json`, 'utf8'));
  const record = tokenizerFromGguf(metadata);
  const tokenizer = new Tokenizer(record);
  for (const golden of goldens.fast.strings) {
    expect.soft(tokenizer.encode(golden.text), golden.text).toEqual(golden.ids);
    expect.soft(tokenizer.encode(golden.text, { addSpecialTokens: false }), golden.text).toEqual(golden.ids_no_special);
    expect.soft(tokenizer.decode(golden.ids, { skipSpecialTokens: true })).toBe(golden.decoded_skip_special);
    expect.soft(tokenizer.decode(golden.ids)).toBe(golden.decoded_keep_special);
  }
}

function expectSameTokens(metadata: GgufMetadata, json: TokenizerJson): void {
  const { tokenizer } = tokenizerFromGguf(metadata);
  const { model, added_tokens } = tokenizer as unknown as TokenizerJson;
  const spell = (merge: string | string[]) => (typeof merge === 'string' ? merge : merge.join(' '));
  expect(model.merges.map(spell).join('\n') === json.model.merges.map(spell).join('\n')).toBe(true);
  expect(added_tokens.map(({ id, content }) => [id, content])).toEqual(
    json.added_tokens.map(({ id, content }) => [id, content]),
  );
}

/** The first GGUF of each text model, and the folder of the tokenizer it was made with. */
function ggufFiles(): { file: string; folder: string }[] {
  const models = existsSync(ORACLE) ? readdirSync(ORACLE).filter((name) => existsSync(`${ORACLE}/${name}/gguf`)) : [];
  return models.map((model) => {
    const name = readdirSync(`${ORACLE}/${model}/gguf`).find((entry) => !entry.startsWith('mmproj'))!;
    return { file: `${ORACLE}/${model}/gguf/${name}`, folder: model.includes('minicpmv-4.0') ? 'chatml' : 'v' };
  });
}

async function readMetadataOf(file: string): Promise<GgufMetadata> {
  const descriptor = openSync(file, 'r');
  const read = (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    return Promise.resolve(bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset)));
  };
  const { metadata } = await readGgufHeader(read, fstatSync(descriptor).size, file);
  closeSync(descriptor);
  return metadata;
}

describe.each(ggufFiles())('$file', ({ file, folder }) => {
  test('encodes and decodes as the tokenizer it was converted from', SLOW, async () => {
    const metadata = await readMetadataOf(file);
    const vocabSize = (metadata.get('tokenizer.ggml.tokens') as string[]).length;
    const source = `${ORACLE}/tiny-tokenizers/${folder}${vocabSize}`;
    validateTokenizer(tokenizerFromGguf(metadata), vocabSize);
    expectSameTokens(metadata, readTokenizerJson(source));
    expectGoldens(metadata, source);
  });
});

/** The pieces of a sentencepiece model file: field 1 of the message, of which 1 is the text, 2 the score, 3 the type. */
function readSentencePieces(path: string): { piece: string; score: number; type: number }[] {
  const bytes = readFileSync(path);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const pieces = [];
  while (at < bytes.length) {
    const isPiece = varint() === 0x0a;
    const end = varint() + at;
    const entry = { piece: '', score: 0, type: 1 };
    while (isPiece && at < end) {
      const tag = varint();
      if (tag === 0x0a) {
        const length = varint();
        entry.piece = bytes.toString('utf8', at, (at += length));
      } else if (tag === 0x15) {
        entry.score = bytes.readFloatLE(at);
        at += 4;
      } else entry.type = varint();
    }
    if (!isPiece) break;
    pieces.push(entry);
  }
  return pieces;
}

const PUBLISHED = ['minicpm-1b', 'minicpm-v-2'].map((name) => `${ORACLE}/tokenizers/${name}`).filter(existsSync);

describe.each(PUBLISHED)('%s/tokenizer.model, as llama.cpp converts it', (folder) => {
  test('the derived merges are those of the published tokenizer.json', SLOW, () => {
    const json = readTokenizerJson(folder);
    const pieces = readSentencePieces(`${folder}/tokenizer.model`);
    const added = new Map(json.added_tokens.map(({ id, content }) => [id, content]));
    const metadata = metadataOf({
      tokens: pieces.map(({ piece }, id) => added.get(id) ?? piece),
      scores: pieces.map(({ score }, id) => (added.has(id) ? -1000 : score)),
      token_type: pieces.map(({ type }, id) => (added.has(id) ? 3 : type)),
    });
    const started = performance.now();
    expectSameTokens(metadata, json);
    // 1.5 s is the promise on a quiet machine; the test leaves room for a busy one.
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

const BYTE_LEVEL = [
  ['bytelevel700', 'qwen35'],
  ['bytelevel-llama3-regex', 'llama-bpe'],
] as const;

describe.skipIf(!existsSync(ORACLE)).each(BYTE_LEVEL)('%s with the cuts of %s', (name, pre) => {
  test('encodes and decodes as the tokenizer.json with the same merges', () => {
    const folder = `${ORACLE}/tiny-tokenizers/${name}`;
    const { model, added_tokens } = readTokenizerJson(folder);
    const tokens = Object.entries(model.vocab).sort(([, a], [, b]) => a - b);
    const metadata: GgufMetadata = new Map<string, GgufValue>([
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.pre', pre],
      ['tokenizer.ggml.tokens', [...tokens.map(([piece]) => piece), ...added_tokens.map(({ content }) => content)]],
      ['tokenizer.ggml.token_type', [...tokens.map(() => 1), ...added_tokens.map(() => 3)]],
      ['tokenizer.ggml.merges', model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')))],
    ]);
    expectGoldens(metadata, folder);
  });
});

const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);

function metadataOf(lists: Record<string, GgufValue>): GgufMetadata {
  const given = Object.entries(lists).map(([key, value]): [string, GgufValue] => [`tokenizer.ggml.${key}`, value]);
  return new Map<string, GgufValue>([
    ['tokenizer.ggml.model', 'llama'],
    ['tokenizer.ggml.bos_token_id', 1],
    ['tokenizer.ggml.eos_token_id', 2],
    ['tokenizer.ggml.unknown_token_id', 0],
    ...given,
  ]);
}

/** `...` is a user-defined piece of the vocabulary; `<|im_end|>` was added beside it. */
function small(changes: Record<string, GgufValue> = {}): GgufMetadata {
  const ordinary = ['▁', 'a', 'b', '.', '▁a', '▁ab'];
  return metadataOf({
    tokens: ['<unk>', '<s>', '</s>', '...', ...BYTES, ...ordinary, '<|im_end|>'],
    scores: [0, 0, 0, 0, ...BYTES.map(() => 0), ...ordinary.map((_, rank) => -rank), -1000],
    token_type: [2, 3, 3, 4, ...BYTES.map(() => 6), ...ordinary.map(() => 1), 4],
    ...changes,
  });
}

describe('SentencePiece metadata', () => {
  const idOf = (piece: string) => (small().get('tokenizer.ggml.tokens') as string[]).indexOf(piece);

  test('added tokens are matched whole, user-defined pieces are not', () => {
    const tokenizer = new Tokenizer(tokenizerFromGguf(small()));
    const expected = ['<s>', '▁ab', '.', '.', '.', '<|im_end|>', '▁a'].map(idOf);
    expect(tokenizer.encode('ab...<|im_end|>a')).toEqual(expected);
    expect(tokenizer.decode(expected, { skipSpecialTokens: true })).toBe('ab... a');
  });

  test('without a space prefix nothing is put in front and nothing cut off', () => {
    const tokenizer = new Tokenizer(tokenizerFromGguf(small({ add_space_prefix: false })));
    expect(tokenizer.encode('a a')).toEqual(['<s>', 'a', '▁a'].map(idOf));
    expect(tokenizer.decode([idOf('▁a')])).toBe(' a');
  });

  test('BOS goes first unless the file says no, EOS last only where it says so', () => {
    expect(new Tokenizer(tokenizerFromGguf(small({ add_bos_token: false }))).encode('a')).toEqual([idOf('▁a')]);
    expect(new Tokenizer(tokenizerFromGguf(small({ add_eos_token: true }))).encode('a')).toEqual([1, idOf('▁a'), 2]);
  });

  test.each([
    ['no tokens', { tokens: [] }, 'tokens has 0 tokens'],
    ['tokens of another type', { tokens: 'abc' }, 'tokens is missing or no list'],
    ['a token that is a number', { tokens: [1, 2] }, 'tokens[0] is not a text'],
    ['a token twice', { tokens: ['a', 'b', 'a'], token_type: [1, 1, 1] }, '"a" twice, at 0 and 2'],
    ['scores for fewer tokens', { scores: [0] }, 'scores has 1 entries for 267 tokens'],
    ['scores that are texts', { scores: BYTES.concat(BYTES).slice(0, 267) }, 'scores[0] is not a number'],
    ['types for more tokens', { token_type: [1, 2] }, 'token_type has 2 entries'],
    ['BOS beyond the tokens', { bos_token_id: 267 }, 'bos_token_id is 267, which is no token of 267'],
    ['EOS that is negative', { eos_token_id: -1 }, 'eos_token_id is -1'],
    ['EOS that is a fraction', { eos_token_id: 1.5 }, 'eos_token_id is 1.5'],
    ['a flag that is a text', { add_bos_token: 'yes' }, 'add_bos_token is neither'],
    ['a token of a million characters', { tokens: ['a'.repeat(1e6)], token_type: [1] }, 'token 0 is too long'],
  ])('%s: InvalidFileError', (_, changes: Record<string, GgufValue>, message) => {
    const convert = () => tokenizerFromGguf(small(changes));
    expect(convert).toThrow(
      expect.objectContaining({ name: 'InvalidFileError', message: expect.stringContaining(message) }),
    );
  });

  test('missing scores, and no tokenizer at all: InvalidFileError', () => {
    const metadata = small();
    metadata.delete('tokenizer.ggml.scores');
    expect(() => tokenizerFromGguf(metadata)).toThrow('scores is missing');
    expect(() => tokenizerFromGguf(new Map())).toThrow('there is no tokenizer');
  });
});

describe('byte-level metadata', () => {
  const byteLevel = (changes: Record<string, GgufValue>) =>
    small({
      model: 'gpt2',
      pre: 'qwen2',
      tokens: ['<unk>', '<s>', '</s>', 'a', 'b', 'ab', '1', '11', '<think>'],
      token_type: [2, 3, 3, 1, 1, 1, 1, 1, 4],
      merges: ['a b', '1 1'],
      ...changes,
    });
  const encode = (text: string, changes: Record<string, GgufValue>) =>
    new Tokenizer(tokenizerFromGguf(byteLevel(changes))).encode(text);

  test('numbers are cut as the named convention says', () => {
    expect(encode('11', { pre: 'qwen2' })).toEqual([6, 6]);
    expect(encode('11', { pre: 'smollm' })).toEqual([6, 6]);
    expect(encode('11', { pre: 'minicpm5' })).toEqual([7]);
    expect(encode('11', { pre: 'llama-bpe' })).toEqual([1, 7]);
    expect(encode('1111', { pre: 'minicpm5' })).toEqual([7, 6, 6]);
  });

  test('<think> is matched whole and stays visible', () => {
    const tokenizer = new Tokenizer(tokenizerFromGguf(byteLevel({})));
    expect(tokenizer.encode('<think>ab')).toEqual([8, 5]);
    expect(tokenizer.decode([1, 8, 5], { skipSpecialTokens: true })).toBe('<think>ab');
  });

  test('an unknown cut or tokenizer is named in an UnsupportedError', () => {
    const unsupported = (part: string) =>
      expect.objectContaining({ name: 'UnsupportedError', message: expect.stringContaining(part) });
    expect(() => encode('a', { pre: 'deepseek-v3' })).toThrow(unsupported('"deepseek-v3"'));
    expect(() => encode('a', { model: 'bert' })).toThrow(unsupported('"bert"'));
  });

  test('merges that are no pairs: InvalidFileError', () => {
    expect(() => encode('a', { merges: ['ab'] })).toThrow('merges[0] is not a pair');
  });
});
