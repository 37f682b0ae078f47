import type { TestValue } from '../../workers/testing/ggufFile';

/** SentencePiece's types of pieces. */
const [NORMAL, UNKNOWN, CONTROL, BYTE] = [1, 2, 3, 6];
/** So many characters have as many pairs as there are tokens in MiniCPM-2B. */
const CHARACTERS = 351;
const FIRST_IDEOGRAPH = 0x4e00;

/** Metadata of a SentencePiece BPE tokenizer of `size` made-up pieces: bytes, characters, and pairs of these, all of which merge. */
export function vocabularyMetadata(size: number): Record<string, TestValue> {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const latin = [...'▁abcdefghijklmnopqrstuvwxyz'];
  const ideographs = Array.from({ length: CHARACTERS - latin.length }, (_, i) =>
    String.fromCodePoint(FIRST_IDEOGRAPH + i),
  );
  const characters = [...latin, ...ideographs];
  const pairs = characters.flatMap((left) => characters.map((right) => left + right));
  const pieces = ['<unk>', '<s>', '</s>', ...bytes, ...characters, ...pairs].slice(0, size);
  const ordinary = 3 + bytes.length;
  const typeOf = (id: number) => (id === 0 ? UNKNOWN : id < 3 ? CONTROL : id < ordinary ? BYTE : NORMAL);
  return {
    'tokenizer.ggml.model': { string: 'llama' },
    'tokenizer.ggml.tokens': { strings: pieces },
    'tokenizer.ggml.scores': { f32s: pieces.map((_, id) => Math.min(0, ordinary - id)) },
    'tokenizer.ggml.token_type': { i32s: pieces.map((_, id) => typeOf(id)) },
    'tokenizer.ggml.unknown_token_id': { u32: 0 },
    'tokenizer.ggml.bos_token_id': { u32: 1 },
    'tokenizer.ggml.eos_token_id': { u32: 2 },
  };
}
