import type { FiledTensor, QuantizedParts, QuantizedTensor, TransposedParts } from '../checkpoint/quantizedTensors';
import type { FileTensor } from '../checkpoint/tensorTable';
import { engineError } from '../errors';
import { GROUPED_INT4, MIXED_INT4 } from '../quant/groupedInt4';
import { hasWholeBlocks } from '../quant/transposedInt4';
import type { ByteSource } from './byteSource';
import { stretchReader } from './readStretches';

/** Parts no further than this from the codes of a matrix are read with them, in the order of the file. */
const NEAR_BYTES = 1 << 20;

/**
 * Matrices in several tensors as tensors of their own, each with the type that its groups allow: the group of every column
 * is read now, because the format that a matrix is stored in depends on it. Throws InvalidFileError for groups that do not
 * exist, UnsupportedError for a bias that is not zero, and what reading throws.
 */
export async function openQuantized(matrices: QuantizedTensor[], weights: ByteSource[]): Promise<FileTensor[]> {
  const small = await readSmallParts(matrices, weights);
  return matrices.map(({ name, shape, parts }) => {
    const place = `${weights[parts.codes.file]!.name}, tensor "${parts.codes.name}"`;
    const groups = parts.order === 'mlx' ? null : columnGroups(parts, shape[1], small, place);
    const { file } = parts.codes;
    const { from, to } = spanOf(parts);
    return {
      name,
      shape,
      type: groups && !hasWholeBlocks(groups) ? MIXED_INT4 : GROUPED_INT4,
      file,
      offset: from,
      bytes: tensorsOf(parts).reduce((sum, { bytes }) => sum + bytes, 0),
      assembly: { parts, groups, end: to },
    };
  });
}

/** Groups and biases of all matrices, file by file in the order of the file. */
async function readSmallParts(
  matrices: QuantizedTensor[],
  weights: ByteSource[],
): Promise<ReadonlyMap<FiledTensor, Uint8Array>> {
  const wanted = matrices.flatMap(({ parts }) => {
    if (parts.order === 'mlx') return [];
    return [parts.groupIndex, parts.bias].filter((tensor) => tensor !== null);
  });
  const read = new Map<FiledTensor, Uint8Array>();
  for (const [file, source] of weights.entries()) {
    const tensors = wanted.filter((tensor) => tensor.file === file).sort((a, b) => a.offset - b.offset);
    if (tensors.length === 0) continue;
    const stretches = await stretchReader(source)(tensors.map(({ offset, bytes }) => ({ offset, length: bytes })));
    for (const [i, tensor] of tensors.entries()) read.set(tensor, stretches[i]!);
    if (weights.length > 1) source.close();
  }
  return read;
}

/** The group of each column where that is not simply one after the other. */
function columnGroups(
  { groupIndex, bias, groupColumns, groupCount }: TransposedParts,
  columns: number,
  small: ReadonlyMap<FiledTensor, Uint8Array>,
  place: string,
): Int32Array | null {
  if (bias && small.get(bias)!.some((byte) => byte !== 0)) {
    throw engineError('UnsupportedError', `${place}: linear layers with a bias are not supported.`);
  }
  const inOrder = consecutiveGroups(columns, groupColumns);
  const groups = groupIndex ? new Int32Array(small.get(groupIndex)!.slice().buffer) : inOrder;
  const wrong = groups.findIndex((group) => group < 0 || group >= groupCount);
  if (wrong >= 0) {
    const message = `${place}: column ${wrong} is of group ${groups[wrong]}, of ${groupCount} groups.`;
    throw engineError('InvalidFileError', message);
  }
  const isInOrder = groups.every((group, column) => group === inOrder[column]);
  return isInOrder && hasWholeBlocks(inOrder) ? null : groups;
}

/** The group of each column where groups follow each other. */
export function consecutiveGroups(columns: number, groupColumns: number): Int32Array {
  return Int32Array.from({ length: columns }, (_, column) => Math.floor(column / groupColumns));
}

/** The codes and what lies near them. */
function spanOf(parts: QuantizedParts): { from: number; to: number } {
  const { codes } = parts;
  const codesEnd = codes.offset + codes.bytes;
  if (parts.order === 'mlx') return { from: codes.offset, to: codesEnd };
  const near = tensorsOf(parts).filter(
    ({ file, offset, bytes }) =>
      file === codes.file && offset >= codes.offset - NEAR_BYTES && offset + bytes <= codesEnd + NEAR_BYTES,
  );
  return {
    from: Math.min(...near.map(({ offset }) => offset)),
    to: Math.max(...near.map(({ offset, bytes }) => offset + bytes)),
  };
}

/** What is read when the weights are. */
function tensorsOf(parts: QuantizedParts): FiledTensor[] {
  const { codes, scales } = parts;
  return [codes, scales, parts.order === 'mlx' ? parts.biases : parts.zeros];
}
