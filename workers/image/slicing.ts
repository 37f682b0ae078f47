import type { ImageConfig } from '../checkpoint/imageConfig';
import { naturalLog } from './logarithm';

export interface Size {
  width: number;
  height: number;
}

/** The tiles that a picture becomes: the overview, then the slices row by row. */
export interface SlicePlan {
  overview: Size;
  /** Null where the overview is all. */
  slices: { columns: number; rows: number; tile: Size } | null;
}

/**
 * What a picture of `size` is cut into, exactly as the authors' image processors do (family: slice_image, get_sliced_grid,
 * find_best_resize, get_refine_size). `maxSlices` may be lower than the model's, for fewer tokens.
 */
export function planSlices(size: Size, config: ImageConfig, maxSlices = config.maxSlices): SlicePlan {
  const side = config.scaleResolution;
  if (config.cut === 'squash') return { overview: { width: side, height: side }, slices: null };
  const grid = chooseGrid(size, side, maxSlices);
  // A picture that is cut is only ever shrunk to its overview; one that is not is also enlarged.
  const isLarge = size.width * size.height > side * side;
  const overview = roundSides(isLarge || grid === null ? scaleToArea(size, side) : size, config);
  if (grid === null) return { overview, slices: null };
  const cell = {
    width: roundToMultiple(size.width, grid.columns) / grid.columns,
    height: roundToMultiple(size.height, grid.rows) / grid.rows,
  };
  return { overview, slices: { ...grid, tile: roundSides(scaleToArea(cell, side), config) } };
}

/** The sizes of all tiles in order. */
export function tileSizes({ overview, slices }: SlicePlan): Size[] {
  return slices === null ? [overview] : [overview, ...Array<Size>(slices.columns * slices.rows).fill(slices.tile)];
}

/** The feature rows, and placeholder tokens, of a tile. */
export function tileTokenCount(tile: Size, config: ImageConfig): number {
  const { tileTokens, patchSize } = config;
  if ('count' in tileTokens) return tileTokens.count;
  return Math.floor((tile.width * tile.height) / (patchSize * patchSize * tileTokens.patchesPerToken));
}

/**
 * The grid of about width · height / side² cells whose shape is closest to the picture's in |ln ratio|; null where one
 * tile does. Of equals the first: fewer cells, then more rows.
 */
function chooseGrid(
  { width, height }: Size,
  side: number,
  maxSlices: number,
): { columns: number; rows: number } | null {
  const wanted = Math.min(Math.ceil((width * height) / (side * side)), maxSlices);
  if (wanted <= 1) return null;
  let best = { columns: 1, rows: 1 };
  let bestError = Infinity;
  const shape = naturalLog(width / height);
  for (const cells of [wanted - 1, wanted, wanted + 1]) {
    if (cells === 1 || cells > maxSlices) continue;
    for (let columns = 1; columns <= cells; columns++) {
      const rows = cells / columns;
      if (!Number.isInteger(rows)) continue;
      const error = Math.abs(shape - naturalLog(columns / rows));
      if (error >= bestError) continue;
      best = { columns, rows };
      bestError = error;
    }
  }
  return best;
}

/** A size of the same shape with about side² pixels, truncated to whole pixels: a side may come out as 0. */
function scaleToArea(size: Size, side: number): Size {
  const ratio = size.width / size.height;
  const height = Math.trunc(side / Math.sqrt(ratio));
  return { width: Math.trunc(height * ratio), height };
}

function roundSides({ width, height }: Size, { sideMultiple }: ImageConfig): Size {
  return { width: roundToMultiple(width, sideMultiple), height: roundToMultiple(height, sideMultiple) };
}

/** The multiple of `divisor` nearest to `length`, at least one; halves go to the even multiple, as in Python. */
function roundToMultiple(length: number, divisor: number): number {
  const quotient = length / divisor;
  const floor = Math.floor(quotient);
  const isUp = quotient - floor > 0.5 || (quotient - floor === 0.5 && floor % 2 === 1);
  return Math.max((isUp ? floor + 1 : floor) * divisor, divisor);
}
