import { paddedWidth } from '../../quant/layout';
import { latentValuesReference } from '../latentValues/latentValues.reference';
import { mergeAttentionReference } from '../mergeAttention/mergeAttention.reference';
import { latentHeadDim, type LatentHeads } from '../shared/latentHeads';

/** Values of a row from the chunks of each of its heads; `weightRow` writes a row of `kvB`. [padded values] */
export function mergeLatentAttentionReference(
  heads: readonly Parameters<typeof mergeAttentionReference>[0][],
  weightRow: (row: number, weights: Float32Array) => void,
  shape: LatentHeads,
): Float32Array {
  const headDim = latentHeadDim(shape);
  const attended = new Float32Array(paddedWidth(shape.numHeads * headDim));
  for (const [head, chunks] of heads.entries()) attended.set(mergeAttentionReference(chunks), head * headDim);
  const out = new Float32Array(paddedWidth(shape.numHeads * shape.valueDim));
  latentValuesReference(attended, weightRow, out, { ...shape, rows: 1, xWidth: attended.length, width: out.length });
  return out;
}
