import { isJsonObject } from '../checkpoint/json';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { engineError, hasErrorName } from '../errors';
import { ChatTemplate } from './chatTemplate';
import { Tokenizer } from './tokenizer';

/** A regular expression of a foreign file; published ones have some hundred characters. */
const MAX_PATTERN_LENGTH = 4096;

/** What the parts of tokenizer.json may be, by the name of the part. */
const COMPONENTS: Record<string, { list: string; types: ReadonlySet<string> }> = {
  normalizer: {
    list: 'normalizers',
    types: new Set([
      'Sequence',
      'Prepend',
      'Replace',
      'NFC',
      'NFD',
      'NFKC',
      'NFKD',
      'Lowercase',
      'Strip',
      'StripAccents',
    ]),
  },
  pre_tokenizer: {
    list: 'pretokenizers',
    types: new Set([
      'Sequence',
      'Split',
      'ByteLevel',
      'Metaspace',
      'Digits',
      'Punctuation',
      'Whitespace',
      'WhitespaceSplit',
    ]),
  },
  post_processor: { list: 'processors', types: new Set(['Sequence', 'TemplateProcessing', 'ByteLevel']) },
};

/**
 * Checks a tokenizer from foreign files before it is stored: a BPE model whose ids all lie in [0, vocabSize), merges of
 * known pieces, well-formed added tokens, parts that this code can run and a chat template that is Jinja. Throws
 * InvalidFileError with the place of the mistake, UnsupportedError with the name of what is not supported.
 */
export function validateTokenizer(record: TokenizerRecord, vocabSize: number): void {
  const { tokenizer } = record;
  if (!isJsonObject(tokenizer)) throw invalid('it is not an object');
  const { model } = tokenizer;
  if (!isJsonObject(model)) throw invalid('there is no model');
  if (model.type !== 'BPE') throw unsupported(`a model of type ${show(model.type)}`);
  const vocab = checkVocab(model.vocab, vocabSize);
  checkModelOptions(model);
  checkMerges(model.merges, vocab);
  checkAddedTokens(tokenizer.added_tokens, vocabSize);
  for (const part of Object.keys(COMPONENTS)) checkComponent(part, tokenizer[part] ?? null, part, 0);
  if (!isJsonObject(record.config)) throw engineError('InvalidFileError', 'tokenizer_config.json: it is not an object');
  tryOut(record);
}

function checkVocab(vocab: unknown, vocabSize: number): ReadonlySet<string> {
  if (!isJsonObject(vocab)) throw invalid('model.vocab is not an object');
  const pieces = Object.entries(vocab);
  if (pieces.length === 0) throw invalid('model.vocab is empty');
  for (const [piece, id] of pieces) checkId(`model.vocab[${show(piece)}]`, id, vocabSize);
  return new Set(Object.keys(vocab));
}

function checkId(place: string, id: unknown, vocabSize: number): void {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0)
    throw invalid(`${place} is ${show(id)}, not a token id`);
  if (id >= vocabSize) throw invalid(`${place} is ${id}, not below ${vocabSize}, the size of the model's vocabulary`);
}

function checkModelOptions(model: Record<string, unknown>): void {
  for (const affix of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[affix]) throw unsupported(`model.${affix}`);
  }
  if (typeof (model.unk_token ?? '') !== 'string') throw invalid('model.unk_token is not a string');
}

function checkMerges(merges: unknown, vocab: ReadonlySet<string>): void {
  if (!Array.isArray(merges)) throw invalid('model.merges is not a list');
  const usesPairs = Array.isArray(merges[0]);
  merges.forEach((merge: unknown, i) => {
    const pair: unknown = usesPairs ? merge : typeof merge === 'string' && merge.split(' ');
    if (!Array.isArray(pair) || pair.length !== 2) throw invalid(`model.merges[${i}] is not a pair of pieces`);
    const unknown = [pair[0], pair[1], `${pair[0]}${pair[1]}`].find(
      (piece: unknown, part) => typeof piece !== 'string' || !(vocab.has(piece) || (part < 2 && isCharacter(piece))),
    );
    if (unknown !== undefined) throw invalid(`model.merges[${i}] uses ${show(unknown)}, which is not in model.vocab`);
  });
}

/** A character can be merged without being a piece itself, as in sentencepiece. */
function isCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff);
}

function checkAddedTokens(tokens: unknown, vocabSize: number): void {
  if (!Array.isArray(tokens ?? [])) throw invalid('added_tokens is not a list');
  ((tokens ?? []) as unknown[]).forEach((token, i) => {
    const place = `added_tokens[${i}]`;
    if (!isJsonObject(token)) throw invalid(`${place} is not an object`);
    checkId(`${place}.id`, token.id, vocabSize);
    if (typeof token.content !== 'string' || token.content === '') throw invalid(`${place}.content is not a text`);
    for (const flag of ['special', 'normalized', 'lstrip', 'rstrip', 'single_word']) {
      if (typeof (token[flag] ?? false) !== 'boolean') throw invalid(`${place}.${flag} is neither true nor false`);
    }
  });
}

function checkComponent(part: string, component: unknown, place: string, depth: number): void {
  if (component === null) return;
  if (!isJsonObject(component) || depth > 4) throw invalid(`${place} is not an object`);
  const { list, types } = COMPONENTS[part]!;
  if (!types.has(String(component.type))) throw unsupported(`${place} of type ${show(component.type)}`);
  if (component.type === 'Sequence') {
    const children = component[list];
    if (!Array.isArray(children)) throw invalid(`${place}.${list} is not a list`);
    children.forEach((child, i) => checkComponent(part, child, `${place}.${list}[${i}]`, depth + 1));
  }
  if (component.type === 'Prepend' && typeof component.prepend !== 'string')
    throw invalid(`${place}.prepend is not a text`);
  if (component.type === 'TemplateProcessing') checkTemplate(component.single, `${place}.single`);
  if ('pattern' in component) checkPattern(component.pattern, `${place}.pattern`);
}

function checkPattern(pattern: unknown, place: string): void {
  const text = isJsonObject(pattern) ? (pattern.Regex ?? pattern.String) : null;
  if (typeof text !== 'string') throw invalid(`${place} is neither a Regex nor a String`);
  if (text.length > MAX_PATTERN_LENGTH) throw invalid(`${place} is longer than ${MAX_PATTERN_LENGTH} characters`);
}

function checkTemplate(items: unknown, place: string): void {
  const isItem = (item: unknown) =>
    isJsonObject(item) &&
    [item.SpecialToken, item.Sequence].some((kind) => isJsonObject(kind) && typeof kind.id === 'string');
  if (!Array.isArray(items) || !items.every(isItem)) throw invalid(`${place} is not a list of tokens and sequences`);
}

/** What the checks above let through may still fail in the parts they do not look into. */
function tryOut(record: TokenizerRecord): void {
  try {
    const tokenizer = new Tokenizer(record);
    tokenizer.decode(tokenizer.encode('a 1.\n中'));
    new ChatTemplate(tokenizer.chatTemplate);
  } catch (error) {
    if (hasErrorName(error, 'InvalidFileError') || hasErrorName(error, 'UnsupportedError')) throw error;
    throw engineError(
      'InvalidFileError',
      `tokenizer.json: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

function invalid(problem: string): Error {
  return engineError('InvalidFileError', `tokenizer.json: ${problem}`);
}

function unsupported(what: string): Error {
  return engineError('UnsupportedError', `tokenizer.json: ${what} is not supported`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
