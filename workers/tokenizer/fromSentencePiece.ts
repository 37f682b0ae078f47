import { isJsonObject } from '../checkpoint/json';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { engineError } from '../errors';
import { TokenType } from './ggufVocabulary';
import type { SentencePieceModel } from './sentencePieceModel';
import type { AddedToken, SentencePieceSettings } from './sentencePieceTokenizer';
import { sentencePieceTokenizer, templateProcessing } from './sentencePieceTokenizer';

/**
 * The tokenizer of a checkpoint that has tokenizer.model and no tokenizer.json, in the structure of the latter. There are two
 * conventions, told apart by `tokenizer_class` in tokenizer_config.json:
 * - Llama's, as transformers converts it to a fast tokenizer: a space goes in front, and the user-defined pieces (`...`,
 *   `---`, `<h2>`) are ordinary ones, which merges may reach.
 * - Classes of the checkpoint's own (MiniCPMVTokenizer) call sentencepiece itself: no space in front, and the user-defined
 *   pieces are matched whole.
 * In both, the tokens of `added_tokens_decoder` are matched whole, under the names that it gives them.
 * Throws InvalidFileError for pieces and tokens that contradict each other, UnsupportedError for what sentencepiece alone can.
 */
export function tokenizerFromSentencePiece(
  model: SentencePieceModel,
  config: Record<string, unknown>,
): Pick<TokenizerRecord, 'tokenizer' | 'config'> {
  const isLlama = /^(Llama|PreTrained|Code)\w*$|Fast$/.test(textOf(config.tokenizer_class) ?? 'Llama');
  if (!isLlama && (model.addsSpace || model.trimsSpaces)) {
    const message = `tokenizer.model: ${textOf(config.tokenizer_class)} adds or takes away spaces, which is not supported. A tokenizer.json is needed.`;
    throw engineError('UnsupportedError', message);
  }
  const named = {
    unknown: textOf(config.unk_token) ?? model.pieces[model.unknownId] ?? null,
    bos: textOf(config.bos_token) ?? model.pieces[model.bosId] ?? null,
    eos: textOf(config.eos_token) ?? model.pieces[model.eosId] ?? null,
  };
  const stated = statedTokens(config);
  const spellings = spell(model, stated);
  const ids = idsOf(spellings);
  const added = addedTokens(model, spellings, stated, isLlama);
  const addsBos = config.add_bos_token !== false && named.bos !== null && ids.has(named.bos);
  const addsEos = config.add_eos_token === true && named.eos !== null && ids.has(named.eos);
  return {
    tokenizer: {
      version: '1.0',
      ...sentencePieceTokenizer({
        ids,
        scores: mergeableScores(model, spellings, added, isLlama),
        added,
        unknown: named.unknown !== null && ids.has(named.unknown) ? named.unknown : null,
        hasByteFallback: model.hasByteFallback,
        prefix: isLlama ? llamaPrefix(config) : 'never',
        joinsUnknown: !isLlama,
      }),
      post_processor: templateProcessing(addsBos ? named.bos : null, addsEos ? named.eos : null, ids),
    },
    config: {
      ...config,
      add_bos_token: addsBos,
      add_eos_token: addsEos,
      bos_token: named.bos,
      eos_token: named.eos,
      unk_token: named.unknown,
    },
  };
}

function llamaPrefix({
  add_prefix_space: addsSpace,
  legacy,
}: Record<string, unknown>): SentencePieceSettings['prefix'] {
  if (addsSpace === false) return 'never';
  return legacy === false ? 'first' : 'always';
}

/** The tokens of `added_tokens_decoder`. */
function statedTokens({ added_tokens_decoder: decoder }: Record<string, unknown>): AddedToken[] {
  if (decoder === undefined || decoder === null) return [];
  if (!isJsonObject(decoder)) throw invalidConfig('added_tokens_decoder is not an object');
  return Object.entries(decoder).map(([key, token]) => {
    const id = Number(key);
    const content = isJsonObject(token) ? token.content : null;
    if (!Number.isSafeInteger(id) || id < 0 || typeof content !== 'string' || content === '') {
      throw invalidConfig(`added_tokens_decoder has a wrong entry ${JSON.stringify(key.slice(0, 60))}`);
    }
    return { id, content, special: isJsonObject(token) && token.special === true, normalized: false };
  });
}

/** The texts of all ids: those of the pieces, or what the configuration calls them. */
function spell({ pieces }: SentencePieceModel, stated: AddedToken[]): Map<number, string> {
  const spellings = new Map(pieces.entries());
  for (const { id, content } of stated) spellings.set(id, content);
  return spellings;
}

function idsOf(spellings: ReadonlyMap<number, string>): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [id, text] of spellings) {
    const other = ids.get(text);
    if (other !== undefined) {
      const message = `tokenizer.model: ${JSON.stringify(text.slice(0, 60))} is there twice, as ${other} and ${id}.`;
      throw engineError('InvalidFileError', message);
    }
    ids.set(text, id);
  }
  return ids;
}

function addedTokens(
  { types }: SentencePieceModel,
  spellings: ReadonlyMap<number, string>,
  stated: AddedToken[],
  isLlama: boolean,
): AddedToken[] {
  const isStated = new Set(stated.map(({ id }) => id));
  const implied = types.flatMap((type, id): AddedToken[] => {
    const isControl = type === TokenType.control || type === TokenType.unknown;
    const isWhole = isLlama ? isControl && stated.length === 0 : type === TokenType.userDefined;
    if (!isWhole || isStated.has(id)) return [];
    return [{ id, content: spellings.get(id)!, special: isControl, normalized: false }];
  });
  return [...stated, ...implied].sort((a, b) => a.id - b.id);
}

/** Pieces that merging may make. A text that spells an added token is never merged: it has been cut out before. */
function mergeableScores(
  { scores, types }: SentencePieceModel,
  spellings: ReadonlyMap<number, string>,
  added: AddedToken[],
  isLlama: boolean,
): Map<string, number> {
  const isAdded = new Set(added.map(({ id }) => id));
  const outside: number[] = [TokenType.unknown, TokenType.control, TokenType.byte];
  const mergeable = scores.flatMap((score, id): [string, number][] => {
    const isMergeable = !isAdded.has(id) && (isLlama || !outside.includes(types[id]!));
    return isMergeable ? [[spellings.get(id)!, score]] : [];
  });
  return new Map(mergeable);
}

/** A token in tokenizer_config.json is its text or an object that holds the text. */
function textOf(value: unknown): string | null {
  const text = isJsonObject(value) ? value.content : value;
  return typeof text === 'string' && text !== '' ? text : null;
}

function invalidConfig(reason: string): Error {
  return engineError('InvalidFileError', `tokenizer_config.json: ${reason}.`);
}
