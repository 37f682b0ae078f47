import { engineError } from '../errors';
import type { PatchGrid } from '../model/interpolation';
import type { TilePatches } from '../model/patches';
import { type DeviceBuffer, Ops } from '../ops/graph';

/** Turns tiles into feature rows, one tile at a time. */
export interface TileEncoder {
  /**
   * Writes the feature rows of a tile, each as wide as the padded rows of the language model, to `target` from `byteOffset`
   * on, in submissions short enough that others who share the device are not held up. `throwIfStopped` is called between
   * them. Throws UnsupportedError for a tile that the tower has no room for.
   */
  encode(tile: TilePatches, target: DeviceBuffer, byteOffset: number, throwIfStopped: () => void): Promise<void>;
  /** What the tower made of the last tile, for the connector: [rows, its hidden size] padded to whole blocks. */
  readonly features: DeviceBuffer;
}

/** Bytes of a row of so many floats, padded to whole blocks. */
export function rowBytes(columns: number): number {
  return new Ops(1).bytesOf(columns);
}

/** Throws UnsupportedError for a tile of more than `most` patches. */
export function checkPatches({ rows, columns }: PatchGrid, most: number): void {
  if (rows * columns <= most) return;
  const message = `a part of the picture has ${columns} × ${rows} patches, at most ${most} are supported: it is too long and narrow`;
  throw engineError('UnsupportedError', message);
}
