/** silu(gate) · up of two finished projections. */
export function gatedProjectionsReference(gate: Float64Array, up: Float64Array): Float64Array {
  return gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]!);
}
