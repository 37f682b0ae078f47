/** out[i] = factor · x[i] for i < count. */
export function scaleReference(
  x: Float32Array,
  out: Float32Array,
  { count, factor }: { count: number; factor: number },
): void {
  for (let i = 0; i < count; i++) out[i] = factor * x[i]!;
}
