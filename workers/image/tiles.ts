import type { ImageConfig } from '../checkpoint/imageConfig';
import type { Picture } from './picture';
import { resizeBicubic, type RgbImage } from './resize';
import type { SlicePlan } from './slicing';

/** One input of the vision tower: RGB bytes, and its sides in patches. */
export interface Tile extends RgbImage {
  patchRows: number;
  patchColumns: number;
}

/** The tiles of a picture: the overview, then the slices row by row. */
export async function pictureTiles(picture: Picture, plan: SlicePlan, config: ImageConfig): Promise<Tile[]> {
  const { overview, slices } = plan;
  if (slices === null) {
    const [image] = await resizeBicubic(picture, [overview], config.resizing);
    return [toTile(image!, config)];
  }
  const refined = { width: slices.columns * slices.tile.width, height: slices.rows * slices.tile.height };
  const [small, large] = await resizeBicubic(picture, [overview, refined], config.resizing);
  const tiles = [toTile(small!, config)];
  for (let row = 0; row < slices.rows; row++) {
    for (let column = 0; column < slices.columns; column++) {
      tiles.push(toTile(crop(large!, column * slices.tile.width, row * slices.tile.height, slices.tile), config));
    }
  }
  return tiles;
}

/** What the vision tower sees of a tile: (byte / 255 - mean) / std. [3, height, width] */
export function tilePixels(tile: Tile, { mean, std }: ImageConfig): Float32Array {
  const area = tile.width * tile.height;
  const pixels = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const values = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean[channel]!) / std[channel]!);
    const plane = channel * area;
    for (let i = 0, from = channel; i < area; i++, from += 3) pixels[plane + i] = values[tile.bytes[from]!]!;
  }
  return pixels;
}

function toTile(image: RgbImage, { patchSize }: ImageConfig): Tile {
  return { ...image, patchRows: image.height / patchSize, patchColumns: image.width / patchSize };
}

function crop(
  image: RgbImage,
  left: number,
  top: number,
  { width, height }: { width: number; height: number },
): RgbImage {
  const bytes = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    bytes.set(image.bytes.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, bytes };
}
