/**
 * out[m, c] = scale · table[tokenIds[m], c] for c < columns, and 0 beyond.
 * table [vocabulary, columns], out [tokens, width].
 */
export function embeddingReference(
  tokenIds: ArrayLike<number>,
  table: ArrayLike<number>,
  out: Float32Array,
  { columns, width, scale }: { columns: number; width: number; scale: number },
): void {
  for (let m = 0; m < tokenIds.length; m++) {
    for (let c = 0; c < width; c++) {
      out[m * width + c] = c < columns ? scale * table[tokenIds[m]! * columns + c]! : 0;
    }
  }
}
