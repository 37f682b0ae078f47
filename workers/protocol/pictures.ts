/** One way of cutting a picture for a model. */
export interface PicturePlan {
  /** The lowest `max_slices` that asks for it. */
  maxSlices: number;
  /** The grid of slices, which divides the picture evenly; 1 × 1 where it is only looked at as a whole. */
  columns: number;
  rows: number;
  /** What the vision tower computes: the picture as a whole, and each slice. */
  tiles: number;
  /** Tokens of a prompt that the picture takes, its tags among them. */
  tokens: number;
}

/** What a model would make of a picture. */
export interface PictureInspection {
  /** MIME type, by what is in the file. */
  type: string;
  /** Upright, in pixels. */
  width: number;
  height: number;
  /** From the fewest tokens to the most, which is what is done unless a message asks for less. */
  plans: PicturePlan[];
  /** As measured since the model was loaded; null before it has looked at anything. */
  secondsPerTile: number | null;
}

/** How far the vision tower is with what of a prompt's pictures it has not seen before. */
export interface PictureProgress {
  tilesDone: number;
  tilesTotal: number;
}

/**
 * Tiles of the pictures of a prompt: those the vision tower computed, those known already, and the time it took, that of
 * bringing its weights and making its programs left out.
 */
export interface PictureCounts {
  tilesEncoded: number;
  tilesReused: number;
  encodeSeconds: number;
}
