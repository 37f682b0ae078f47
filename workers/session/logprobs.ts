export interface Logprobs {
  logprob: number;
  /** The `count` most probable tokens, best first, the first of equals first. */
  top: { tokenId: number; logprob: number }[];
}

/** Natural log-probabilities under `logits` as the model gave them: before penalties and temperature. */
export function logprobsOf(logits: Float32Array, tokenId: number, count: number): Logprobs {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const logSumExp = largest + Math.log(sum);
  const top = largestIndices(logits, Math.min(count, logits.length));
  return {
    logprob: logits[tokenId]! - logSumExp,
    top: top.map((id) => ({ tokenId: id, logprob: logits[id]! - logSumExp })),
  };
}

function largestIndices(values: Float32Array, count: number): number[] {
  if (count <= 0) return [];
  const threshold = values.slice().sort()[values.length - count]!;
  const indices: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i]! >= threshold) indices.push(i);
  return indices.sort((i, j) => (values[j] === values[i] ? i - j : values[j]! - values[i]!)).slice(0, count);
}
