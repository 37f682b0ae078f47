import type { Size } from './slicing';

/** A decoded picture, upright, whose rows can be read as often as wanted. */
export interface Picture extends Size {
  /** `count` rows from `top` on as RGBA bytes, row-major. Colours are not multiplied by alpha. Valid until the next call. */
  readRows(top: number, count: number): Promise<Uint8Array | Uint8ClampedArray>;
  /** Frees the decoded pixels. */
  close(): void;
}

/** A picture of RGBA bytes that lie in memory. */
export function pictureOfBytes(width: number, height: number, rgba: Uint8Array | Uint8ClampedArray): Picture {
  return {
    width,
    height,
    readRows: (top, count) => Promise.resolve(rgba.subarray(top * width * 4, (top + count) * width * 4)),
    close: () => undefined,
  };
}
