import { engineError } from '../errors';

/** How a byte-level BPE tokenizer cuts text before merging, in the terms of tokenizer.json. */
export interface ByteLevelConvention {
  normalizer: Record<string, unknown> | null;
  /** Regular expressions in Oniguruma's syntax, applied one after the other. */
  patterns: string[];
  /** A cut that is a token as a whole is not built from merges. */
  ignoreMerges: boolean;
  /** Whether BOS goes first where the file does not say. */
  addsBos: boolean;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

function wordPattern(numbers: string, letters = '\\p{L}', notMarks = ''): string {
  return `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?${letters}+|${numbers}| ?[^\\s\\p{L}${notMarks}\\p{N}]+[\\r\\n]*|${SPACES}`;
}

/** llama.cpp's cuts for files that do not say how they were made. */
const UNNAMED = ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'];

const plain: ByteLevelConvention = { normalizer: null, patterns: [GPT2], ignoreMerges: false, addsBos: false };
const llama3: ByteLevelConvention = {
  ...plain,
  patterns: [wordPattern('\\p{N}{1,3}')],
  ignoreMerges: true,
  addsBos: true,
};
const qwen2: ByteLevelConvention = { ...plain, normalizer: { type: 'NFC' }, patterns: [wordPattern('\\p{N}')] };

const CONVENTIONS: ReadonlyMap<string, ByteLevelConvention> = new Map([
  ['default', { ...plain, patterns: UNNAMED }],
  ['gpt-2', plain],
  ['smollm', { ...plain, patterns: ['\\p{N}', GPT2] }],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['minicpm5', { ...plain, patterns: ['\\p{N}{1,3}', wordPattern('\\p{N}+')], ignoreMerges: true }],
  ['qwen2', qwen2],
  ['qwen35', { ...qwen2, patterns: [wordPattern('\\p{N}', '[\\p{L}\\p{M}]', '\\p{M}')] }],
]);

/** The convention that a GGUF calls `tokenizer.ggml.pre`. Throws UnsupportedError for one this code does not know. */
export function byteLevelConvention(pre: string): ByteLevelConvention {
  const convention = CONVENTIONS.get(pre);
  if (convention) return convention;
  throw engineError(
    'UnsupportedError',
    `GGUF: the pre-tokenizer ${JSON.stringify(pre)} (tokenizer.ggml.pre) is not supported`,
  );
}
