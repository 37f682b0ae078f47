/** weighted = x · weight, squares = Σ x² of each 8 columns. */
export function weighReference(
  x: Float32Array,
  weight: Float32Array,
): { weighted: Float64Array; squares: Float64Array } {
  const squares = new Float64Array(x.length / 8);
  x.forEach((value, i) => {
    squares[Math.floor(i / 8)]! += value * value;
  });
  return { weighted: Float64Array.from(x, (value, i) => value * weight[i]!), squares };
}
