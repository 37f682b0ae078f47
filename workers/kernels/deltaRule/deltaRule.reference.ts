import type { DeltaHeads } from '../../memory/recurrentStateBytes';

export interface DeltaRuleReferenceShape extends DeltaHeads {
  rows: number;
  qkvWidth: number;
  gateWidth: number;
  width: number;
  /** Position of the first row: at 0 the state is zero whatever it holds. */
  position: number;
}

/** Numbers that each value head has for every row, and for all of them. */
export interface DeltaGates {
  /** [rows, gateWidth] */
  decay: Float32Array;
  beta: Float32Array;
  /** [numValueHeads] */
  decayRate: Float32Array;
  decayBias: Float32Array;
}

/**
 * For each row and value head, with the key head's query and key at length one, the query divided by √keyHeadDim:
 * S ← α S, then S ← S + k ⊗ β (v − Sᵀ k), then out = Sᵀ q, for α = exp(decayRate · softplus(decay + decayBias)) and
 * β = σ(beta). qkv [rows, qkvWidth], queries, keys and values with heads side by side; state [numValueHeads, keyHeadDim,
 * valueHeadDim]; out [rows, width], zero behind the last head.
 */
export function deltaRuleReference(
  qkv: Float32Array,
  gates: DeltaGates,
  state: Float32Array,
  out: Float32Array,
  shape: DeltaRuleReferenceShape,
): void {
  const { rows, numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim, qkvWidth, gateWidth, width } = shape;
  if (shape.position === 0) state.fill(0);
  const read = new Float64Array(valueHeadDim);
  for (let m = 0; m < rows; m++) {
    for (let head = 0; head < numValueHeads; head++) {
      const keyHead = Math.floor(head / (numValueHeads / numKeyHeads));
      const part = (start: number, length: number) => qkv.subarray(m * qkvWidth + start, m * qkvWidth + start + length);
      const q = unit(part(keyHead * keyHeadDim, keyHeadDim), 1 / Math.sqrt(keyHeadDim));
      const k = unit(part((numKeyHeads + keyHead) * keyHeadDim, keyHeadDim), 1);
      const v = part(2 * numKeyHeads * keyHeadDim + head * valueHeadDim, valueHeadDim);
      const gate = m * gateWidth + head;
      const rate = gates.decayRate[head]!;
      const alpha = Math.exp(rate * Math.log1p(Math.exp(gates.decay[gate]! + gates.decayBias[head]!)));
      const beta = 1 / (1 + Math.exp(-gates.beta[gate]!));
      const memory = state.subarray(head * keyHeadDim * valueHeadDim, (head + 1) * keyHeadDim * valueHeadDim);
      for (let i = 0; i < memory.length; i++) memory[i]! *= alpha;
      multiply(memory, k, read);
      for (let i = 0; i < keyHeadDim; i++) {
        for (let j = 0; j < valueHeadDim; j++) memory[i * valueHeadDim + j]! += k[i]! * beta * (v[j]! - read[j]!);
      }
      multiply(memory, q, read);
      out.set(read, m * width + head * valueHeadDim);
    }
    out.fill(0, m * width + numValueHeads * valueHeadDim, (m + 1) * width);
  }
}

/** x / |x| · scale. */
function unit(x: Float32Array, scale: number): Float64Array {
  const sum = x.reduce((total, value) => total + value * value, 0);
  const gain = scale / Math.sqrt(sum + 1e-6);
  return Float64Array.from(x, (value) => gain * value);
}

/** out = memoryᵀ x; memory [x.length, out.length] */
function multiply(memory: Float32Array, x: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < out.length; j++) out[j]! += memory[i * out.length + j]! * x[i]!;
  }
}
