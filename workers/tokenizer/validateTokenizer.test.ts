import { describe, expect, test } from 'vitest';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { miniTokenizer } from '../testing/miniTokenizer';
import { validateTokenizer } from './validateTokenizer';

const VOCAB_SIZE = 272;

function withModel(changes: Record<string, unknown>): TokenizerRecord {
  const record = miniTokenizer();
  return withParts({ model: { ...(record.tokenizer.model as object), ...changes } });
}

function withParts(changes: Record<string, unknown>): TokenizerRecord {
  const record = miniTokenizer();
  return { ...record, tokenizer: { ...record.tokenizer, ...changes } };
}

const withAdded = (token: unknown) => withParts({ added_tokens: [token] });
const split = (pattern: unknown) => withParts({ pre_tokenizer: { type: 'Split', pattern, behavior: 'Isolated' } });

test('a good tokenizer passes, also in a larger vocabulary', () => {
  validateTokenizer(miniTokenizer(), VOCAB_SIZE);
  validateTokenizer(miniTokenizer(), 1000);
  validateTokenizer(withModel({ merges: [['a', 'b']] }), VOCAB_SIZE);
  validateTokenizer(withParts({ added_tokens: undefined, post_processor: undefined }), VOCAB_SIZE);
});

describe('InvalidFileError names the place', () => {
  test.each([
    ['the tokenizer is a list', { ...miniTokenizer(), tokenizer: [] }, 'not an object'],
    ['no model', withParts({ model: undefined }), 'there is no model'],
    ['the model is a text', withParts({ model: 'BPE' }), 'there is no model'],
    ['the vocabulary is a list', withModel({ vocab: ['a'] }), 'model.vocab is not an object'],
    ['the vocabulary is empty', withModel({ vocab: {} }), 'model.vocab is empty'],
    ['an id is a text', withModel({ vocab: { a: '1' } }), 'model.vocab["a"] is "1", not a token id'],
    ['an id is negative', withModel({ vocab: { a: -1 } }), 'model.vocab["a"] is -1'],
    ['an id is a fraction', withModel({ vocab: { a: 0.5 } }), 'model.vocab["a"] is 0.5'],
    ['an id is beyond the model', withModel({ vocab: { a: 272 } }), 'model.vocab["a"] is 272, not below 272'],
    ['merges are an object', withModel({ merges: {} }), 'model.merges is not a list'],
    ['a merge of one piece', withModel({ merges: ['ab'] }), 'model.merges[0] is not a pair'],
    ['a merge of three pieces', withModel({ merges: [['a', 'b', 'c']] }), 'model.merges[0] is not a pair'],
    ['a merge of numbers', withModel({ merges: [[1, 2]] }), 'model.merges[0] uses 1'],
    ['a merge of unknown pieces', withModel({ merges: ['a b', 'a q'] }), 'model.merges[1] uses "aq"'],
    ['a merge into an unknown piece', withModel({ merges: ['b a'] }), 'model.merges[0] uses "ba"'],
    ['the unknown token is a number', withModel({ unk_token: 0 }), 'model.unk_token'],
    ['added tokens are an object', withParts({ added_tokens: {} }), 'added_tokens is not a list'],
    ['an added token is a text', withAdded('<s>'), 'added_tokens[0] is not an object'],
    ['an added token without text', withAdded({ id: 1, content: '' }), 'added_tokens[0].content'],
    ['an added token beyond the model', withAdded({ id: 272, content: 'x' }), 'added_tokens[0].id is 272'],
    ['a flag that is a text', withAdded({ id: 1, content: 'x', special: 'yes' }), 'added_tokens[0].special'],
    ['a normaliser that is a text', withParts({ normalizer: 'NFC' }), 'normalizer is not an object'],
    [
      'a sequence without list',
      withParts({ normalizer: { type: 'Sequence' } }),
      'normalizer.normalizers is not a list',
    ],
    ['a prefix that is a number', withParts({ normalizer: { type: 'Prepend', prepend: 1 } }), 'normalizer.prepend'],
    ['a pattern without text', split({}), 'pre_tokenizer.pattern is neither'],
    ['a pattern of any length', split({ Regex: 'a'.repeat(5000) }), 'pre_tokenizer.pattern is longer'],
    ['a pattern that is no expression', split({ Regex: '(' }), 'tokenizer.json'],
    [
      'a template that is a text',
      withParts({ post_processor: { type: 'TemplateProcessing', single: '$A' } }),
      'post_processor.single',
    ],
    ['a configuration that is a list', { ...miniTokenizer(), config: [] }, 'tokenizer_config.json'],
  ])('%s', (_, record, message) => {
    const invalid = expect.objectContaining({ name: 'InvalidFileError', message: expect.stringContaining(message) });
    expect(() => validateTokenizer(record as TokenizerRecord, VOCAB_SIZE)).toThrow(invalid);
  });

  test('a normaliser nested without end', () => {
    let normalizer: unknown = { type: 'NFC' };
    for (let depth = 0; depth < 10; depth++) normalizer = { type: 'Sequence', normalizers: [normalizer] };
    expect(() => validateTokenizer(withParts({ normalizer }), VOCAB_SIZE)).toThrow('normalizer');
  });
});

describe('UnsupportedError names what is not supported', () => {
  test.each([
    ['another model', withModel({ type: 'Unigram' }), '"Unigram"'],
    ['prefixes of inner pieces', withModel({ continuing_subword_prefix: '##' }), 'continuing_subword_prefix'],
    ['suffixes of last pieces', withModel({ end_of_word_suffix: '</w>' }), 'end_of_word_suffix'],
    ['a normaliser', withParts({ normalizer: { type: 'Precompiled' } }), '"Precompiled"'],
    [
      'a cut within a sequence',
      withParts({ pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Magic' }] } }),
      'pretokenizers[0] of type "Magic"',
    ],
    ['a post-processor', withParts({ post_processor: { type: 'BertProcessing' } }), '"BertProcessing"'],
    ['a decoder', withParts({ decoder: { type: 'CTC' } }), '"CTC"'],
  ])('%s', (_, record, message) => {
    const unsupported = expect.objectContaining({
      name: 'UnsupportedError',
      message: expect.stringContaining(message),
    });
    expect(() => validateTokenizer(record, VOCAB_SIZE)).toThrow(unsupported);
  });
});
