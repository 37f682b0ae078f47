import { paddedWidth } from '../../quant/layout';
import { latentValuesReference, type LatentValuesShape } from '../latentValues/latentValues.reference';
import { mergeAttentionReference } from '../mergeAttention/mergeAttention.reference';

/** Values of a row from the chunks of each of its heads; `weight` unpacks a row of the matrix. [padded values] */
export function mergeLatentAttentionReference(
  heads: readonly Parameters<typeof mergeAttentionReference>[0][],
  weight: (row: number, into: Float32Array) => void,
  shape: LatentValuesShape,
): Float32Array {
  const headDim = shape.ropeDim + shape.rank;
  const attended = new Float32Array(paddedWidth(shape.numHeads * headDim));
  for (const [head, chunks] of heads.entries()) attended.set(mergeAttentionReference(chunks), head * headDim);
  return latentValuesReference(attended, 1, weight, shape);
}
