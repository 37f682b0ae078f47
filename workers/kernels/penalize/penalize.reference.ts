import { hasPenalties, SEEN, type Sampling } from '../shared/sampling';

/** The logits of one row [vocabSize] with penalties for what `history` holds: the same array where there are none. */
export function penalizeReference(
  logits: Float32Array,
  history: ArrayLike<number>,
  sampling: Sampling,
): ArrayLike<number> {
  if (!hasPenalties(sampling)) return logits;
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = sampling;
  return Float64Array.from(logits, (logit, id) => {
    const past = history[id]!;
    if (past < SEEN) return logit;
    const count = past - SEEN;
    const repeated = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    return count > 0 ? repeated - presencePenalty - frequencyPenalty * count : repeated;
  });
}
