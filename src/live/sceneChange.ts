/** A frame is compared as a grid of this many cells in each direction. */
export const GRID_SIDE = 32;
/** A cell looks different from this difference of its luma on, of 255. */
const CELL_DIFFERENCE = 20;
/** Changes of the whole picture up to this much are the camera's own, which adapts to the light. */
const MOST_DRIFT = 16;
/** The scene has changed where at least this share of the cells looks different: a twenty-fifth of the picture. */
export const CHANGED_SHARE = 0.04;

/** Brightness of each cell, row by row: [GRID_SIDE²]. */
export type Luma = Uint8Array;

/** Luma (ITU-R BT.601) of pixels given as RGBA. */
export function lumaOf(rgba: Uint8ClampedArray): Luma {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, i) =>
    Math.round(0.299 * rgba[4 * i]! + 0.587 * rgba[4 * i + 1]! + 0.114 * rgba[4 * i + 2]!),
  );
}

/**
 * Share of the cells that look different, 0 to 1. What most cells have in common, the median of the differences, is drift
 * and does not count, up to a limit: a lamp that goes out is a change.
 */
export function changeBetween(before: Luma, after: Luma): number {
  const differences = Int16Array.from(after, (luma, i) => luma - before[i]!);
  const median = differences.toSorted()[differences.length >> 1]!;
  const drift = Math.max(-MOST_DRIFT, Math.min(MOST_DRIFT, median));
  const changed = differences.filter((difference) => Math.abs(difference - drift) >= CELL_DIFFERENCE);
  return changed.length / differences.length;
}
