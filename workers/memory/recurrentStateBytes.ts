/** Sizes of a layer that keeps a state in place of keys and values: Gated DeltaNet behind a short convolution. */
export interface RecurrentSizes {
  numKeyHeads: number;
  numValueHeads: number;
  keyHeadDim: number;
  valueHeadDim: number;
  /** Tokens that an output of the convolution sees, its own included. */
  taps: number;
}

/** Copies of the state from earlier positions that are kept beside it. */
export const MOST_STATE_COPIES = 4;

/** Floats of the delta rule's state: a matrix for each value head. [value heads, channels of a key, channels of a value] */
export function deltaStateFloats({ numValueHeads, keyHeadDim, valueHeadDim }: Omit<RecurrentSizes, 'taps'>): number {
  return numValueHeads * keyHeadDim * valueHeadDim;
}

/** Floats of the convolution's state: the inputs of the tokens before the next one that it will see. [taps − 1, channels] */
export function convolutionStateFloats({ channels, taps }: { channels: number; taps: number }): number {
  return Math.max(1, taps - 1) * channels;
}

/** Bytes that one such layer takes, copies included. */
export function recurrentStateBytes(sizes: RecurrentSizes): number {
  const { numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim, taps } = sizes;
  const channels = 2 * numKeyHeads * keyHeadDim + numValueHeads * valueHeadDim;
  const floats = deltaStateFloats(sizes) + convolutionStateFloats({ channels, taps });
  return (1 + MOST_STATE_COPIES) * floats * Float32Array.BYTES_PER_ELEMENT;
}
