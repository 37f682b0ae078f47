import type { PatchGrid } from './interpolation';

/** A tile as the tower takes it. */
export interface TilePatches extends PatchGrid {
  /** f32 [rows · columns, width], each row the pixels of a patch in the order channel, y, x; zero behind them. */
  values: Float32Array<ArrayBuffer>;
}

/** Cuts pixels [3, height, width], sides a multiple of `patchSize`, into patches, each row `rowWidth` floats long. */
export function unfoldPatches(
  pixels: Float32Array,
  { height, width }: { height: number; width: number },
  patchSize: number,
  rowWidth: number,
): TilePatches {
  const [rows, columns] = [height / patchSize, width / patchSize];
  const values = new Float32Array(rows * columns * rowWidth);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let to = (row * columns + column) * rowWidth;
      for (let channel = 0; channel < 3; channel++) {
        for (let y = 0; y < patchSize; y++) {
          const from = (channel * height + row * patchSize + y) * width + column * patchSize;
          values.set(pixels.subarray(from, from + patchSize), to);
          to += patchSize;
        }
      }
    }
  }
  return { rows, columns, values };
}
