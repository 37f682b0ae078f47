import { describe, expect, test } from 'vitest';
import { miniTokenizer } from '../testing/miniTokenizer';
import { Tokenizer } from './tokenizer';

const tokenizer = new Tokenizer(miniTokenizer());
const ids = (...pieces: string[]): number[] => pieces.map((piece) => tokenizer.tokenId(piece)!);
/** The byte pieces of UTF-8 bytes. */
const bytes = (...values: number[]): number[] => values.map((value) => 3 + value);
const utf8 = (text: string): number[] => bytes(...new TextEncoder().encode(text));

/** Streams `tokenIds` and returns what came out after each, with what `end` gave as the last entry. */
function stream(tokenIds: number[], skipSpecialTokens = false): string[] {
  const decoder = tokenizer.streamDecoder({ skipSpecialTokens });
  return [...tokenIds.map((id) => decoder.push(id)), decoder.end()];
}

describe('encode', () => {
  test('puts a space before the text, BOS before that, and merges', () => {
    expect(tokenizer.encode('abc ab')).toEqual(ids('<s>', '▁ab', 'c', '▁ab'));
    expect(tokenizer.encode('abc', { addSpecialTokens: false })).toEqual(ids('▁ab', 'c'));
    expect(tokenizer.encode('')).toEqual(ids('<s>'));
  });

  test('recognises special tokens in the text and begins anew after them', () => {
    expect(tokenizer.encode('a<|end|>a')).toEqual(ids('<s>', '▁a', '<|end|>', '▁a'));
  });

  test('spells unknown characters in bytes; half a surrogate pair is U+FFFD', () => {
    expect(tokenizer.encode('😀', { addSpecialTokens: false })).toEqual([...ids('▁'), ...utf8('😀')]);
    expect(tokenizer.encode('\ud83d', { addSpecialTokens: false })).toEqual([...ids('▁'), ...utf8('\uFFFD')]);
  });

  test('BOS comes from tokenizer_config.json where tokenizer.json has no template', () => {
    const record = miniTokenizer();
    record.tokenizer.post_processor = null;
    expect(new Tokenizer(record).encode('a')).toEqual(ids('<s>', '▁a'));
    record.config.add_bos_token = false;
    expect(new Tokenizer(record).encode('a')).toEqual(ids('▁a'));
  });
});

describe('decode', () => {
  test('cuts one leading space off the whole text and keeps others', () => {
    expect(tokenizer.decode(ids('▁ab', '▁', '▁ab'))).toBe('ab  ab');
    expect(tokenizer.decode(ids('▁', '▁ab'))).toBe(' ab');
    expect(tokenizer.decode(ids('<s>', '▁ab'))).toBe('<s> ab');
    expect(tokenizer.decode(ids('<s>', '▁ab', '<|end|>', '▁ab'), { skipSpecialTokens: true })).toBe('ab ab');
  });

  test('no tokens, and ids without a token, are no text', () => {
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([9999, -1, ...ids('a')])).toBe('a');
  });

  test('a byte order mark is kept', () => {
    expect(tokenizer.decode([...ids('a'), ...utf8('\uFEFF'), ...ids('b')])).toBe('a\uFEFFb');
  });
});

describe('streamDecoder', () => {
  test('a character in bytes comes out whole, when the next token shows that the bytes have ended', () => {
    const [first, second, third, fourth] = utf8('😀');
    expect(stream([...ids('▁a'), first!, second!, third!, fourth!, ...ids('b')])).toEqual([
      'a',
      '',
      '',
      '',
      '',
      '😀b',
      '',
    ]);
  });

  test('bytes that are no character become one U+FFFD each', () => {
    expect(stream([...ids('a'), ...bytes(0xe4, 0xbd), ...ids('b')])).toEqual(['a', '', '', '\uFFFD\uFFFDb', '']);
    expect(stream([...ids('a'), ...bytes(0xe4, 0xbd)])).toEqual(['a', '', '', '\uFFFD\uFFFD']);
    expect(tokenizer.decode(bytes(0x41, 0xff))).toBe('\uFFFD\uFFFD');
  });

  test('tells whether it holds bytes back', () => {
    const decoder = tokenizer.streamDecoder();
    decoder.push(ids('a')[0]!);
    expect(decoder.isHolding).toBe(false);
    decoder.push(bytes(0xe4)[0]!);
    expect(decoder.isHolding).toBe(true);
    decoder.end();
    expect(decoder.isHolding).toBe(false);
  });

  test('a long text in bytes flows in blocks', () => {
    const text = 'བོད་ཡིག'.repeat(20);
    const parts = stream(utf8(text));
    expect(parts.join('')).toBe(text);
    expect(parts.filter((part) => part !== '').length).toBeGreaterThan(5);
    for (const part of parts) expect(part).not.toContain('\uFFFD');
  });

  test('end begins a new sequence', () => {
    const decoder = tokenizer.streamDecoder();
    const space = ids('▁a')[0]!;
    expect([decoder.push(space), decoder.push(space), decoder.end(), decoder.push(space)]).toEqual([
      'a',
      ' a',
      '',
      'a',
    ]);
  });

  test('the pieces of any sequence add up to its decoding', () => {
    let state = 1;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 300; round++) {
      const sequence = Array.from({ length: random(120) }, () => (random(4) === 0 ? random(275) : 3 + random(256)));
      for (const skip of [true, false]) {
        expect(stream(sequence, skip).join('')).toBe(tokenizer.decode(sequence, { skipSpecialTokens: skip }));
      }
    }
  });
});

describe('byte-level decoding', () => {
  const record = miniTokenizer();
  // Ġ is the space, ä ½ ł spell 你, Ċ is the newline.
  const pieces = ['Ġ', 'a', 'ä', '½', 'ł', 'Ċ', '<用>'];
  record.tokenizer.model = {
    type: 'BPE',
    unk_token: null,
    vocab: Object.fromEntries(pieces.map((p, id) => [p, id])),
    merges: [],
  };
  record.tokenizer.added_tokens = [];
  record.tokenizer.decoder = { type: 'ByteLevel' };
  const byteLevel = new Tokenizer(record);

  test('a character comes out with its last byte', () => {
    const decoder = byteLevel.streamDecoder();
    const holding: boolean[] = [];
    const parts = [0, 1, 2, 3, 4, 5].map((id) => {
      const part = decoder.push(id);
      holding.push(decoder.isHolding);
      return part;
    });
    expect(parts).toEqual([' ', 'a', '', '', '你', '\n']);
    expect(holding).toEqual([false, false, true, true, false, false]);
    expect(decoder.end()).toBe('');
  });

  test('a token with a character that is no byte stands for itself', () => {
    expect(byteLevel.decode([1, 6, 1])).toBe('a<用>a');
  });

  test('an incomplete character is one U+FFFD', () => {
    expect(byteLevel.decode([1, 2, 3])).toBe('a\uFFFD');
    expect(byteLevel.decode([2, 1])).toBe('\uFFFDa');
  });
});

test('tokenText is the text of a token amid others', () => {
  const texts = ['▁a', 'abc', '中', '<s>', '<0x0A>'].map((piece) => tokenizer.tokenText(tokenizer.tokenId(piece)!));
  expect(texts).toEqual([' a', 'abc', '中', '<s>', '\n']);
  expect(tokenizer.tokenText(bytes(0xe4)[0]!)).toBe('\uFFFD');
  expect(tokenizer.tokenText(9999)).toBe('');
});

test('special ids', () => {
  expect([tokenizer.bosTokenId, tokenizer.eosTokenId]).toEqual([1, 2]);
  expect([...tokenizer.specialTokenIds]).toEqual([0, 1, 2, ...ids('<|end|>')]);
  expect(tokenizer.tokenId('no such token')).toBeNull();
});

test('a decoder this code does not know is refused by name', () => {
  const record = miniTokenizer();
  record.tokenizer.decoder = { type: 'WordPiece' };
  const refused = expect.objectContaining({
    name: 'UnsupportedError',
    message: expect.stringContaining('"WordPiece"'),
  });
  expect(() => new Tokenizer(record)).toThrow(refused);
  record.tokenizer.decoder = null;
  expect(() => new Tokenizer(record)).toThrow('there is no decoder');
});

test('a Metaspace decoder cuts the leading space unless it says never', () => {
  const record = miniTokenizer();
  record.tokenizer.decoder = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' };
  expect(new Tokenizer(record).decode(ids('▁a', '▁a'))).toBe('a a');
  record.tokenizer.decoder = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' };
  expect(new Tokenizer(record).decode(ids('▁a', '▁a'))).toBe(' a a');
});
