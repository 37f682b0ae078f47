/** out[i] = residual[i] + scale · branch[i] for i < count. */
export function addReference(
  residual: Float32Array,
  branch: Float32Array,
  out: Float32Array,
  { count, scale }: { count: number; scale: number },
): void {
  for (let i = 0; i < count; i++) out[i] = residual[i]! + scale * branch[i]!;
}
