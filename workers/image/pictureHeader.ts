import type { Size } from './slicing';

export type PictureFormat = 'JPEG' | 'PNG' | 'GIF' | 'WebP' | 'BMP' | 'AVIF' | 'HEIC';

/** What the first bytes of a picture file say, before anything is decoded. */
export interface PictureHeader {
  format: PictureFormat;
  mimeType: string;
  /** As stored, before it is turned upright; null where these bytes do not tell. */
  size: Size | null;
}

/** Thumbnails and colour profiles stand in front of a JPEG's size. */
export const HEADER_BYTES = 2 << 20;

/** Format and size by signature, from the first HEADER_BYTES of a file; null for what is none of the formats. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | null {
  const text = (from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (format: PictureFormat, end: number, size: () => Size | null): PictureHeader => ({
    format,
    mimeType: `image/${format.toLowerCase()}`,
    size: bytes.length < end ? null : size(),
  });
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') {
    return header('PNG', 24, () => ({ width: view.getUint32(16), height: view.getUint32(20) }));
  }
  if (text(0, 3) === '\xff\xd8\xff') return header('JPEG', 4, () => jpegSize(view));
  if (/^GIF8[79]a$/.test(text(0, 6))) {
    return header('GIF', 10, () => ({ width: view.getUint16(6, true), height: view.getUint16(8, true) }));
  }
  if (text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') return header('WebP', 30, () => webpSize(view, text(12, 4)));
  if (text(0, 2) === 'BM') {
    return header('BMP', 26, () => ({ width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) }));
  }
  if (text(4, 4) !== 'ftyp') return null;
  const brand = text(8, 4);
  if (/^avi[fs]$/.test(brand)) return header('AVIF', 12, () => largestExtent(view));
  if (/^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)) return header('HEIC', 12, () => largestExtent(view));
  return null;
}

/** The frame header (SOF) of a JPEG, behind any number of other segments. */
function jpegSize(view: DataView): Size | null {
  for (let at = 2; at + 9 <= view.byteLength && view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    // C4, C8 and CC share the range of the frame headers and are none.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
  return null;
}

/** Canvas of an extended file, else the frame: lossy, or lossless with two sizes of 14 bits less one. */
function webpSize(view: DataView, chunk: string): Size | null {
  const uint24 = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  if (chunk === 'VP8X') return { width: uint24(24) + 1, height: uint24(27) + 1 };
  if (chunk === 'VP8 ') return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (chunk !== 'VP8L') return null;
  const sizes = view.getUint32(21, true);
  return { width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 };
}

/** The largest of the `ispe` boxes of an ISO media file: the picture itself among its tiles and thumbnails. */
function largestExtent(view: DataView): Size | null {
  const ISPE = 0x69737065;
  let largest: Size | null = null;
  for (let at = 0; at + 16 <= Math.min(view.byteLength, 1 << 16); at++) {
    if (view.getUint32(at) !== ISPE) continue;
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (largest === null || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}
