import { engineError } from '../errors';
import { bitmapRows } from './bitmapRows';
import type { Picture } from './picture';
import { HEADER_BYTES, readPictureHeader, type PictureHeader } from './pictureHeader';

/** 400 MB decoded: above every photo of a phone or camera but the special modes of a few. */
const MAX_PIXELS = 100_000_000;
/** Browsers hold no longer side in a bitmap. */
const MAX_SIDE = 65_535;
/**
 * The pixels of a picture file, upright (EXIF orientation applied), of an animation the first frame. As the authors' code,
 * which converts with Pillow to RGB, it takes the stored colours as they are: colour profiles are not applied, and
 * transparency is dropped rather than blended with a background.
 * Throws InvalidFileError for what is no picture, is damaged, or is too large, in a sentence.
 */
export async function decodePicture(file: Blob): Promise<Picture> {
  const header = readPictureHeader(new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer()));
  if (header === null) {
    const known = 'JPEG, PNG, GIF, WebP, BMP, AVIF and HEIC';
    throw engineError('InvalidFileError', `The file is no picture, or of a format other than ${known}.`);
  }
  checkSize(header);
  const bitmap = await decodeBitmap(file, header);
  try {
    const { width, height } = bitmap;
    checkSize({ ...header, size: { width, height } });
    return { width, height, ...(await bitmapRows(bitmap)) };
  } catch (error) {
    bitmap.close();
    throw error;
  }
}

function checkSize({ format, size }: PictureHeader): void {
  if (size === null) return;
  const { width, height } = size;
  if (width < 1 || height < 1) throw engineError('InvalidFileError', `The ${format} picture has no pixels.`);
  if (width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS) return;
  const limit = `${MAX_PIXELS / 1e6} megapixels and ${MAX_SIDE} pixels to a side`;
  throw engineError(
    'InvalidFileError',
    `The ${format} picture has ${width} × ${height} pixels; at most ${limit} are read.`,
  );
}

async function decodeBitmap(file: Blob, { format, mimeType }: PictureHeader): Promise<ImageBitmap> {
  try {
    // Upright is the default; older browsers know it under another name, so it is not asked for.
    const options: ImageBitmapOptions = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' };
    return await createImageBitmap(file.type === mimeType ? file : file.slice(0, file.size, mimeType), options);
  } catch (error) {
    const why =
      format === 'HEIC' || format === 'AVIF'
        ? 'is damaged, or this browser does not read the format'
        : 'is damaged or cut off';
    throw engineError('InvalidFileError', `The ${format} picture ${why}.`, error);
  }
}
