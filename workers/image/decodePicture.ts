import { engineError } from '../errors';
import type { Picture } from './picture';

/** Rows that a strip of the picture is decoded in. */
const STRIP_ROWS = 256;

/**
 * Decodes a picture in any format that the browser knows, turned as its camera says and with its colours in sRGB.
 * Throws InvalidFileError.
 */
export async function decodePicture(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image', premultiplyAlpha: 'none' }).catch(
    (error: unknown) => {
      throw engineError(
        'InvalidFileError',
        'a picture of the message cannot be read: the browser does not know its format, or it is damaged',
        error,
      );
    },
  );
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, Math.min(height, STRIP_ROWS));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  return {
    width,
    height,
    readRows: (top, count) => {
      if (canvas.height !== count) canvas.height = count;
      context.clearRect(0, 0, width, count);
      context.drawImage(bitmap, 0, -top);
      return Promise.resolve(context.getImageData(0, 0, width, count).data);
    },
    close: () => bitmap.close(),
  };
}
