import { invalid } from './ggufVocabulary';

/** Published vocabularies imply fewer than two for each piece; a crafted one may imply as many as its characters squared. */
const MAX_MERGES = 2_000_000;

/** A merge of tokenizer.json: these two neighbours become one piece. */
export type Merge = [left: string, right: string];

/**
 * The BPE merges that a SentencePiece vocabulary implies, in the order of the published tokenizer.json files: every cut
 * of a piece into two known pieces, by falling score of the piece, then by rising id of the piece, the left and the right
 * part. `scores` holds the score of every piece that merging may make, in the order of ids; `ids` the id of every piece.
 * Throws InvalidFileError where there are absurdly many.
 */
export function mergesOfPieces(scores: ReadonlyMap<string, number>, ids: ReadonlyMap<string, number>): Merge[] {
  // The sort is stable: pieces of equal score stay in the order of ids.
  const byScore = [...scores].sort(([, a], [, b]) => b - a);
  const merges: Merge[] = [];
  for (const [piece] of byScore) {
    merges.push(...cutsOf(piece, ids));
    if (merges.length > MAX_MERGES) throw invalid(`tokenizer.ggml.tokens implies more than ${MAX_MERGES} merges`);
  }
  return merges;
}

function cutsOf(piece: string, ids: ReadonlyMap<string, number>): Merge[] {
  const cuts: Merge[] = [];
  let at = codeUnits(piece, 0);
  while (at < piece.length) {
    const left = piece.slice(0, at);
    const right = piece.slice(at);
    if (ids.has(left) && ids.has(right)) cuts.push([left, right]);
    at += codeUnits(piece, at);
  }
  return cuts.sort((a, b) => ids.get(a[0])! - ids.get(b[0])! || ids.get(a[1])! - ids.get(b[1])!);
}

/** UTF-16 units of the character at `at`. */
function codeUnits(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1;
}
