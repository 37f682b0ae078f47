import type { PatchGrid } from './interpolation';

/**
 * For each patch of a grid, its row in a table of `side` × `side` learned positions: the nearest one in proportion, as
 * NaViT's SigLIP has it: bucket(i, rows) · side + bucket(j, columns). The authors' code up to 4.5 multiplies by the reciprocal
 * of a side (modeling_navit_siglip.py); that of 4.6 divides (transformers' vision_utils.py).
 */
export function positionBuckets(
  side: number,
  { rows, columns }: PatchGrid,
  by: 'reciprocal' | 'division' = 'reciprocal',
): Uint32Array<ArrayBuffer> {
  const [vertical, horizontal] = [buckets(side, rows, by), buckets(side, columns, by)];
  const ids = new Uint32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) ids[i * columns + j] = vertical[i]! * side + horizontal[j]!;
  }
  return ids;
}

/**
 * bucket(i, count) counts the boundaries k / side, in f32, that are not above i / count rounded to f32, or i · f32(1 / count).
 * That is ⌊side · i / count⌋ but for a few counts, where by the reciprocal some exact multiples fall one lower, as they do
 * for the authors.
 */
function buckets(side: number, count: number, by: 'reciprocal' | 'division'): number[] {
  const boundaries = Array.from({ length: side - 1 }, (_, k) => Math.fround((k + 1) / side));
  const step = Math.fround(1 / count);
  return Array.from({ length: count }, (_, i) => {
    const position = Math.fround(by === 'division' ? i / count : i * step);
    return boundaries.filter((boundary) => boundary <= position).length;
  });
}
