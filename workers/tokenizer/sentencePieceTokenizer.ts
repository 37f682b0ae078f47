import { mergesOfPieces } from './sentencePieceMerges';

/** A token that is matched whole, before anything is merged. */
export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  normalized: false;
}

/** A SentencePiece vocabulary and how text is made ready for it. */
export interface SentencePieceSettings {
  ids: ReadonlyMap<string, number>;
  /** The scores of the pieces that merging may make, in the order of ids. */
  scores: ReadonlyMap<string, number>;
  added: AddedToken[];
  unknown: string | null;
  hasByteFallback: boolean;
  /** A space goes in front of every text between added tokens, of the first one, or of none; decoding cuts it off. */
  prefix: 'always' | 'first' | 'never';
  /** Merges may begin with characters that have no piece: see mergesOfPieces. */
  joinsUnknown: boolean;
}

const SPACE = '▁';

/** The parts of tokenizer.json that BPE of SentencePiece takes, as transformers converts them (LlamaConverter). */
export function sentencePieceTokenizer(settings: SentencePieceSettings): Record<string, unknown> {
  const { ids, scores, added, unknown, hasByteFallback, prefix, joinsUnknown } = settings;
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  const normalizers = prefix === 'always' ? [{ type: 'Prepend', prepend: SPACE }, spaces] : [spaces];
  const decoders = [
    { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
  ];
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  return {
    added_tokens: added,
    normalizer: prefix === 'first' ? null : { type: 'Sequence', normalizers },
    pre_tokenizer:
      prefix === 'first' ? { type: 'Metaspace', replacement: SPACE, prepend_scheme: 'first', split: false } : null,
    decoder: { type: 'Sequence', decoders: prefix === 'never' ? decoders : [...decoders, strip] },
    model: {
      type: 'BPE',
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: hasByteFallback,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges: mergesOfPieces(scores, ids, joinsUnknown),
    },
  };
}

/** The part that puts BOS in front and EOS behind, where they are; null where there are neither. */
export function templateProcessing(
  bos: string | null,
  eos: string | null,
  ids: ReadonlyMap<string, number>,
): Record<string, unknown> | null {
  if (bos === null && eos === null) return null;
  const item = (token: string | null) => (token === null ? [] : [{ SpecialToken: { id: token, type_id: 0 } }]);
  const used = [bos, eos].filter((token) => token !== null);
  return {
    type: 'TemplateProcessing',
    single: [...item(bos), { Sequence: { id: 'A', type_id: 0 } }, ...item(eos)],
    pair: [],
    special_tokens: Object.fromEntries(
      used.map((token) => [token, { id: token, ids: [ids.get(token)], tokens: [token] }]),
    ),
  };
}
