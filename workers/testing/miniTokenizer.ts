import type { TokenizerRecord } from '../checkpoint/manifest';

const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
const LETTERS = ['▁', 'a', 'b', 'c', '中', '<', '>', '.', '▁a', 'ab', '▁ab', 'abc'];

/**
 * A SentencePiece-style tokenizer of 272 tokens with the conventions of MiniCPM's tokenizer.json: 0 `<unk>`, 1 `<s>`,
 * 2 `</s>`, 3 to 258 the bytes, then LETTERS, and `<|end|>` as its last, special token.
 */
export function miniTokenizer(): TokenizerRecord {
  const pieces = ['<unk>', '<s>', '</s>', ...BYTES, ...LETTERS];
  const special = (content: string, id: number) => ({ id, content, special: true, normalized: false });
  return {
    tokenizer: {
      added_tokens: [special('<unk>', 0), special('<s>', 1), special('</s>', 2), special('<|end|>', pieces.length)],
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      pre_tokenizer: null,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [],
        special_tokens: {},
      },
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
      model: {
        type: 'BPE',
        unk_token: '<unk>',
        byte_fallback: true,
        fuse_unk: true,
        vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
        merges: ['▁ a', 'a b', '▁a b', '▁ ab', 'ab c'],
      },
    },
    config: { bos_token: '<s>', eos_token: { content: '</s>' }, add_bos_token: true },
    chatTemplate: null,
  };
}
