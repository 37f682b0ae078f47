import type { GgufMetadata } from '../checkpoint/gguf';
import { engineError } from '../errors';

/** `tokenizer.ggml.token_type`, as llama.cpp numbers them. */
export const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** No vocabulary has more; a file that claims so is broken. */
const MAX_TOKENS = 1_000_000;
/** UTF-16 units of one token; the longest published ones are runs of some hundred spaces. */
const MAX_TOKEN_LENGTH = 1024;
/** UTF-16 units of all tokens; the largest published vocabularies have some two million. */
const MAX_TOTAL_LENGTH = 8 * 1024 * 1024;

/** The token table of a GGUF file, checked. */
export interface GgufVocabulary {
  /** Token texts by id, all different. */
  tokens: string[];
  /** Token types by id. */
  types: number[];
  ids: ReadonlyMap<string, number>;
}

/** Throws InvalidFileError where the lists are missing, differ in length or repeat a token. */
export function readVocabulary(metadata: GgufMetadata): GgufVocabulary {
  const tokens = stringList(metadata, 'tokenizer.ggml.tokens');
  if (tokens.length === 0 || tokens.length > MAX_TOKENS)
    throw invalid(`tokenizer.ggml.tokens has ${tokens.length} tokens`);
  const types = numberList(metadata, 'tokenizer.ggml.token_type', tokens.length) ?? tokens.map(() => TokenType.normal);
  const ids = new Map<string, number>();
  let total = 0;
  tokens.forEach((token, id) => {
    if (ids.has(token))
      throw invalid(
        `tokenizer.ggml.tokens has ${JSON.stringify(token.slice(0, 60))} twice, at ${ids.get(token)} and ${id}`,
      );
    ids.set(token, id);
    total += token.length;
    if (token.length > MAX_TOKEN_LENGTH || total > MAX_TOTAL_LENGTH)
      throw invalid(`tokenizer.ggml.tokens: token ${id} is too long`);
  });
  return { tokens, types, ids };
}

/** A list of texts. Throws InvalidFileError where it is missing. */
export function stringList(metadata: GgufMetadata, key: string): string[] {
  const value = metadata.get(key);
  if (!Array.isArray(value)) throw invalid(`${key} is missing or no list`);
  return value.map((item, i) => {
    if (typeof item !== 'string') throw invalid(`${key}[${i}] is not a text`);
    return item;
  });
}

/** A list of `length` numbers, null where there is none. */
export function numberList(metadata: GgufMetadata, key: string, length: number): number[] | null {
  const value = metadata.get(key);
  if (value === undefined) return null;
  if (!Array.isArray(value)) throw invalid(`${key} is no list`);
  if (value.length !== length) throw invalid(`${key} has ${value.length} entries for ${length} tokens`);
  return value.map((item, i) => {
    if (typeof item !== 'number' || Number.isNaN(item)) throw invalid(`${key}[${i}] is not a number`);
    return item;
  });
}

/** A text, null where there is none. */
export function optionalString(metadata: GgufMetadata, key: string): string | null {
  const value = metadata.get(key) ?? null;
  if (value !== null && typeof value !== 'string') throw invalid(`${key} is not a text`);
  return value;
}

/** A truth value, null where there is none. */
export function optionalBoolean(metadata: GgufMetadata, key: string): boolean | null {
  const value = metadata.get(key) ?? null;
  if (value !== null && typeof value !== 'boolean') throw invalid(`${key} is neither true nor false`);
  return value;
}

/** The text of the token that `key` names by id, null where there is none. */
export function optionalToken(metadata: GgufMetadata, key: string, { tokens }: GgufVocabulary): string | null {
  const id = metadata.get(key);
  if (id === undefined) return null;
  const token = typeof id === 'number' ? tokens[id] : undefined;
  if (token === undefined) throw invalid(`${key} is ${JSON.stringify(id)}, which is no token of ${tokens.length}`);
  return token;
}

/** The InvalidFileError for a GGUF file's tokenizer. */
export function invalid(problem: string): Error {
  return engineError('InvalidFileError', `GGUF: ${problem}`);
}
