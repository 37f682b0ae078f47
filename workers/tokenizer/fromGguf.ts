import type { GgufMetadata } from '../checkpoint/gguf';
import type { TokenizerRecord } from '../checkpoint/manifest';
import { engineError } from '../errors';
import { byteLevelConvention } from './byteLevelPreTokenizers';
import {
  invalid,
  numberList,
  optionalBoolean,
  optionalString,
  optionalToken,
  readVocabulary,
  stringList,
  TokenType,
  type GgufVocabulary,
} from './ggufVocabulary';
import type { AddedToken } from './sentencePieceTokenizer';
import { sentencePieceTokenizer, templateProcessing } from './sentencePieceTokenizer';

/**
 * The tokenizer that a GGUF file carries in its metadata, in the structure of tokenizer.json and tokenizer_config.json.
 *
 * `tokenizer.ggml.model` is `llama` (SentencePiece BPE, merges derived from the scores) or `gpt2` (byte-level BPE with
 * merges, cut as `tokenizer.ggml.pre` says). Text is encoded as the fast tokenizer of the original repository does it,
 * not as llama.cpp does: the fast tokenizer takes SentencePiece's user-defined pieces (`...`, `---`, `<h2>`) for ordinary
 * ones, which merges may reach, and matches whole only the tokens added beside the vocabulary. These are told apart so:
 * - llama.cpp's converter gives added tokens the score -1000 and the type CONTROL or USER_DEFINED. Pieces of the
 *   vocabulary keep their score: 0 for user-defined and control pieces, and only an ordinary one has -1000 by chance.
 * - Files of early converters have no such score: there the tokens of type CONTROL and UNKNOWN are the added ones.
 * - A byte-level vocabulary has no scores: all CONTROL, UNKNOWN and USER_DEFINED tokens were added.
 * - BOS, EOS, the unknown token and chat markers (`<|im_end|>`, `<think>`) are added tokens in any case.
 *
 * Throws InvalidFileError for metadata that contradict themselves, UnsupportedError for another tokenizer or cut.
 */
export function tokenizerFromGguf(metadata: GgufMetadata): TokenizerRecord {
  const kind = optionalString(metadata, 'tokenizer.ggml.model');
  if (kind === null) throw invalid('there is no tokenizer (tokenizer.ggml.model)');
  if (kind !== 'llama' && kind !== 'gpt2') {
    throw engineError(
      'UnsupportedError',
      `GGUF: the tokenizer ${JSON.stringify(kind)} (tokenizer.ggml.model) is not supported`,
    );
  }
  const vocabulary = readVocabulary(metadata);
  const special: SpecialTokens = {
    bos: optionalToken(metadata, 'tokenizer.ggml.bos_token_id', vocabulary),
    eos: optionalToken(metadata, 'tokenizer.ggml.eos_token_id', vocabulary),
    unknown: optionalToken(metadata, 'tokenizer.ggml.unknown_token_id', vocabulary),
  };
  const parts =
    kind === 'llama'
      ? sentencePieceParts(metadata, vocabulary, special)
      : byteLevelParts(metadata, vocabulary, special);
  const addsBos = (optionalBoolean(metadata, 'tokenizer.ggml.add_bos_token') ?? parts.addsBos) && special.bos !== null;
  const addsEos = optionalBoolean(metadata, 'tokenizer.ggml.add_eos_token') === true && special.eos !== null;
  return {
    tokenizer: {
      version: '1.0',
      ...parts.tokenizer,
      post_processor: templateProcessing(addsBos ? special.bos : null, addsEos ? special.eos : null, vocabulary.ids),
    },
    config: {
      add_bos_token: addsBos,
      add_eos_token: addsEos,
      bos_token: special.bos,
      eos_token: special.eos,
      unk_token: special.unknown,
      clean_up_tokenization_spaces: false,
    },
    chatTemplate: optionalString(metadata, 'tokenizer.chat_template'),
  };
}

interface SpecialTokens {
  bos: string | null;
  eos: string | null;
  unknown: string | null;
}

interface Parts {
  tokenizer: Record<string, unknown>;
  /** Whether BOS goes first where the file does not say. */
  addsBos: boolean;
}

/** The score by which llama.cpp's converter marks tokens that were added beside the vocabulary. */
const ADDED_TOKEN_SCORE = -1000;

function sentencePieceParts(metadata: GgufMetadata, vocabulary: GgufVocabulary, special: SpecialTokens): Parts {
  const { tokens, types, ids } = vocabulary;
  const scores = numberList(metadata, 'tokenizer.ggml.scores', tokens.length);
  if (!scores) throw invalid('tokenizer.ggml.scores is missing');
  const isMarked = (id: number) => scores[id] === ADDED_TOKEN_SCORE && types[id] !== TokenType.normal;
  const isControl = (id: number) => types[id] === TokenType.control || types[id] === TokenType.unknown;
  const added = addedTokens(vocabulary, special, tokens.some((_, id) => isMarked(id)) ? isMarked : isControl);
  const addedIds = new Set(added.map(({ id }) => id));
  // A text that spells an added token is never merged: it has been cut out before.
  const mergeable = new Map([...ids].filter(([, id]) => !addedIds.has(id)).map(([piece, id]) => [piece, scores[id]!]));
  const tokenizer = sentencePieceTokenizer({
    ids,
    scores: mergeable,
    added,
    unknown: special.unknown,
    hasByteFallback: true,
    prefix: (optionalBoolean(metadata, 'tokenizer.ggml.add_space_prefix') ?? true) ? 'always' : 'never',
    joinsUnknown: false,
  });
  return { tokenizer, addsBos: true };
}

function byteLevelParts(metadata: GgufMetadata, vocabulary: GgufVocabulary, special: SpecialTokens): Parts {
  const convention = byteLevelConvention(optionalString(metadata, 'tokenizer.ggml.pre') ?? 'default');
  const splits = convention.patterns.map((pattern) => ({
    type: 'Split',
    pattern: { Regex: pattern },
    behavior: 'Isolated',
    invert: false,
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const addedTypes: number[] = [TokenType.control, TokenType.unknown, TokenType.userDefined];
  const tokenizer = {
    added_tokens: addedTokens(vocabulary, special, (id) => addedTypes.includes(vocabulary.types[id]!)),
    normalizer: convention.normalizer,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, byteLevel] },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: convention.ignoreMerges,
      vocab: Object.fromEntries(vocabulary.ids),
      merges: stringList(metadata, 'tokenizer.ggml.merges').map(parseMerge),
    },
  };
  return { tokenizer, addsBos: convention.addsBos };
}

function parseMerge(merge: string, i: number): string[] {
  const pair = merge.split(' ');
  if (pair.length !== 2) throw invalid(`tokenizer.ggml.merges[${i}] is not a pair of pieces`);
  return pair;
}

/** Added tokens even where a converter took them for ordinary ones. */
const CHAT_MARKER = /^(<\|[^|<>]+\|>|<\/?think>)$/;
/** Added tokens that are part of the text: not left out with the special ones. */
const VISIBLE_MARKER = /^<\/?think>$/;

/** The tokens to be matched whole: the named ones, chat markers and those that `isAdded` says. */
function addedTokens(
  { tokens, types }: GgufVocabulary,
  special: SpecialTokens,
  isAdded: (id: number) => boolean,
): AddedToken[] {
  const named = new Set([special.bos, special.eos, special.unknown]);
  return tokens.flatMap((content, id) => {
    const isNamed = named.has(content);
    if (content === '' || !(isNamed || CHAT_MARKER.test(content) || isAdded(id))) return [];
    const isSpecial = isNamed || content.startsWith('<|') || types[id] !== TokenType.userDefined;
    return [{ id, content, special: isSpecial && !VISIBLE_MARKER.test(content), normalized: false }];
  });
}
