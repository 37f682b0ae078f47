/** The residual sum, its product with the next norm's weight, and its sum of squares per 8 values, of a projection. */
export function residualProjectionReference(
  projection: Float64Array,
  residual: Float32Array,
  normWeight: Float32Array,
  scale: number,
): { out: Float64Array; weighted: Float64Array; squares: Float64Array } {
  const out = projection.map((value, i) => residual[i]! + scale * value);
  const squares = new Float64Array(Math.ceil(out.length / 8));
  out.forEach((value, i) => {
    squares[Math.floor(i / 8)]! += value * value;
  });
  return { out, weighted: out.map((value, i) => value * normWeight[i]!), squares };
}
