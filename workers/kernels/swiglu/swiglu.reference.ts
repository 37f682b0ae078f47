/** out[i] = gate[i] / (1 + exp(−gate[i])) · up[i] for i < count. */
export function swigluReference(
  gate: Float32Array,
  up: Float32Array,
  out: Float32Array,
  { count }: { count: number },
): void {
  for (let i = 0; i < count; i++) out[i] = (gate[i]! / (1 + Math.exp(-gate[i]!))) * up[i]!;
}
