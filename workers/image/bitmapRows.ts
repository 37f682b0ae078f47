import type { Picture } from './picture';

type Rows = Pick<Picture, 'readRows' | 'close'>;

/** Canvases may be no wider on some devices. */
const BLOCK_WIDTH = 4096;

/**
 * The rows of a bitmap that was not multiplied by alpha. A canvas would multiply, which rounds colours and makes black of
 * what is wholly transparent; a video frame made of the bitmap keeps them. So transparent bitmaps go by way of a frame
 * where the browser has them, all others by way of a small canvas.
 */
export async function bitmapRows(bitmap: ImageBitmap): Promise<Rows> {
  return (await transparentRows(bitmap)) ?? canvasRows(bitmap);
}

/** Null for an opaque bitmap, and where the browser makes no frame of it or reads no part of a frame. */
async function transparentRows(bitmap: ImageBitmap): Promise<Rows | null> {
  const frame = frameOf(bitmap);
  if (frame === null) return null;
  const { codedWidth: width, format } = frame;
  const readRows = async (top: number, count: number) => {
    const rows = new Uint8Array(width * count * 4);
    // Asked for in another order than its own, the colours would be multiplied by alpha on the way.
    await frame.copyTo(rows, { rect: { x: 0, y: top, width, height: count } });
    if (format === 'BGRA') swapRedAndBlue(rows);
    return rows;
  };
  try {
    if (format === 'RGBA' || format === 'BGRA') {
      await readRows(0, 1);
      bitmap.close();
      return { readRows, close: () => frame.close() };
    }
  } catch {
    // A canvas it is.
  }
  frame.close();
  return null;
}

function frameOf(bitmap: ImageBitmap): VideoFrame | null {
  try {
    return new VideoFrame(bitmap, { timestamp: 0 });
  } catch {
    return null;
  }
}

function swapRedAndBlue(rows: Uint8Array): void {
  for (let i = 0; i < rows.length; i += 4) {
    const blue = rows[i]!;
    rows[i] = rows[i + 2]!;
    rows[i + 2] = blue;
  }
}

function canvasRows(bitmap: ImageBitmap): Rows {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const readBlock = (left: number, top: number, width: number, height: number) => {
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    // Copied, not blended: the block before lies beneath.
    context.globalCompositeOperation = 'copy';
    context.drawImage(bitmap, left, top, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
  const readRows = (top: number, count: number) => {
    if (bitmap.width <= BLOCK_WIDTH) return readBlock(0, top, bitmap.width, count);
    const rows = new Uint8ClampedArray(bitmap.width * count * 4);
    for (let left = 0; left < bitmap.width; left += BLOCK_WIDTH) {
      const width = Math.min(BLOCK_WIDTH, bitmap.width - left);
      const block = readBlock(left, top, width, count);
      for (let y = 0; y < count; y++) {
        rows.set(block.subarray(y * width * 4, (y + 1) * width * 4), (y * bitmap.width + left) * 4);
      }
    }
    return rows;
  };
  return { readRows: (top, count) => Promise.resolve(readRows(top, count)), close: () => bitmap.close() };
}
