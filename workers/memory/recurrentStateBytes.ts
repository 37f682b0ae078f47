/** Heads of the gated delta rule (Yang et al. 2024, "Gated Delta Networks"). */
export interface DeltaHeads {
  numKeyHeads: number;
  /** A multiple of the key heads. */
  numValueHeads: number;
  /** At most 256 each. */
  keyHeadDim: number;
  valueHeadDim: number;
}

/** Sizes of a layer that keeps a state in place of keys and values: Gated DeltaNet behind a short convolution. */
export interface RecurrentSizes extends DeltaHeads {
  /** Tokens that an output of the convolution sees, its own included. */
  taps: number;
}

/** Copies of the state from earlier positions that are kept beside it. */
export const MOST_STATE_COPIES = 4;

/** Channels of queries, keys and values side by side, which the convolution runs over. */
export function deltaChannels({ numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim }: DeltaHeads): number {
  return 2 * numKeyHeads * keyHeadDim + numValueHeads * valueHeadDim;
}

/** Floats of the delta rule's state: a matrix for each value head. [value heads, channels of a key, channels of a value] */
export function deltaStateFloats({ numValueHeads, keyHeadDim, valueHeadDim }: DeltaHeads): number {
  return numValueHeads * keyHeadDim * valueHeadDim;
}

/** Floats of the convolution's state: the inputs of the tokens before the next one that it will see. [taps − 1, channels] */
export function convolutionStateFloats({ channels, taps }: { channels: number; taps: number }): number {
  return Math.max(1, taps - 1) * channels;
}

/** Bytes that one such layer takes, copies included. */
export function recurrentStateBytes(sizes: RecurrentSizes): number {
  const convolution = { channels: deltaChannels(sizes), taps: sizes.taps };
  const floats = deltaStateFloats(sizes) + convolutionStateFloats(convolution);
  return (1 + MOST_STATE_COPIES) * floats * Float32Array.BYTES_PER_ELEMENT;
}
