import type { PatchGrid } from './interpolation';

/**
 * The patches of a grid in the order of windows, by their numbers row by row: squares of 2^levels patches row by row, and
 * in each its four quarters, one after the other in the same way. Four rows from a multiple of four on are a window then,
 * and what each window becomes stands in windows again. Sides of the grid are multiples of 2^levels.
 */
export function windowOrder({ rows, columns }: PatchGrid, levels: number): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(rows * columns);
  let count = 0;
  const visit = (top: number, left: number, side: number): void => {
    if (side === 1) {
      order[count++] = top * columns + left;
      return;
    }
    const half = side / 2;
    for (const down of [0, half]) {
      for (const right of [0, half]) visit(top + down, left + right, half);
    }
  };
  const side = 2 ** levels;
  for (let top = 0; top < rows; top += side) {
    for (let left = 0; left < columns; left += side) visit(top, left, side);
  }
  return order;
}
