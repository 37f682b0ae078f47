/** One head's values of several chunks of keys as one: each chunk's parts count by exp(its highest score). */
export function mergeAttentionReference(
  chunks: readonly { highest: number; weightSum: number; values: readonly number[] }[],
): number[] {
  const highest = Math.max(...chunks.map((chunk) => chunk.highest));
  const factors = chunks.map((chunk) => Math.exp(chunk.highest - highest));
  const weightSum = chunks.reduce((sum, chunk, c) => sum + factors[c]! * chunk.weightSum, 0);
  return chunks[0]!.values.map(
    (_, i) => chunks.reduce((sum, { values }, c) => sum + factors[c]! * values[i]!, 0) / weightSum,
  );
}
