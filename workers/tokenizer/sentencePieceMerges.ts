import { engineError } from '../errors';

/** Published vocabularies imply fewer than two for each piece; a crafted one may imply as many as its characters squared. */
const MAX_MERGES = 2_000_000;

/** A merge of tokenizer.json: these two neighbours become one piece. */
export type Merge = [left: string, right: string];

/**
 * The BPE merges that a SentencePiece vocabulary implies, in the order of the published tokenizer.json files: every cut
 * of a piece into two known pieces, by falling score of the piece, then by rising id of the piece, the left and the right
 * part. `scores` holds the score of every piece that merging may make, in the order of ids; `ids` the id of every piece.
 * With `joinsUnknown` a part may also be a character that has no piece: sentencepiece joins such, transformers does not.
 * Throws InvalidFileError where there are absurdly many.
 */
export function mergesOfPieces(
  scores: ReadonlyMap<string, number>,
  ids: ReadonlyMap<string, number>,
  joinsUnknown: boolean,
): Merge[] {
  const rankOf = (part: string): number | null => {
    const isCharacter = joinsUnknown && part.length === codeUnits(part, 0);
    return ids.get(part) ?? (isCharacter ? Number.MAX_SAFE_INTEGER : null);
  };
  // The sort is stable: pieces of equal score stay in the order of ids.
  const byScore = [...scores].sort(([, a], [, b]) => b - a);
  const merges: Merge[] = [];
  for (const [piece] of byScore) {
    merges.push(...cutsOf(piece, rankOf));
    if (merges.length > MAX_MERGES) {
      throw engineError('InvalidFileError', `The vocabulary implies more than ${MAX_MERGES} merges.`);
    }
  }
  return merges;
}

function cutsOf(piece: string, rankOf: (part: string) => number | null): Merge[] {
  const cuts: { merge: Merge; left: number; right: number }[] = [];
  let at = codeUnits(piece, 0);
  while (at < piece.length) {
    const merge: Merge = [piece.slice(0, at), piece.slice(at)];
    const [left, right] = [rankOf(merge[0]), rankOf(merge[1])];
    if (left !== null && right !== null) cuts.push({ merge, left, right });
    at += codeUnits(piece, at);
  }
  return cuts.sort((a, b) => a.left - b.left || a.right - b.right).map(({ merge }) => merge);
}

/** UTF-16 units of the character at `at`. */
function codeUnits(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1;
}
