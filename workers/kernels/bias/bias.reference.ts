import type { Activation } from './bias';

const ACTIVATIONS: Readonly<Record<Activation, (value: number) => number>> = {
  none: (value) => value,
  gelu: (value) => 0.5 * value * (1 + erf(value * Math.SQRT1_2)),
  'gelu-tanh': (value) => 0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3))),
};

/** out[m, c] = activation(x[m, c] + bias[c]); x, out [rows, width], bias [width]. */
export function biasReference(
  x: Float32Array,
  bias: Float32Array,
  out: Float32Array,
  { rows, width, activation }: { rows: number; width: number; activation: Activation },
): void {
  const activate = ACTIVATIONS[activation];
  for (let m = 0; m < rows; m++) {
    for (let c = 0; c < width; c++) out[m * width + c] = activate(x[m * width + c]! + bias[c]!);
  }
}

/** To float64's precision: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·5 … (2n+1)), all of whose terms have one sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
