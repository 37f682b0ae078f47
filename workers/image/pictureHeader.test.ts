import { expect, test } from 'vitest';
import { PICTURE_FILES } from '../testing/pictureFiles';
import { readPictureHeader } from './pictureHeader';

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

test.each([
  ['oriented', 'JPEG', 48, 32],
  ['cmyk', 'JPEG', 32, 16],
  ['png16', 'PNG', 4, 2],
  ['gif', 'GIF', 3, 2],
  ['avif', 'AVIF', 24, 16],
] as const)('%s', (name, format, width, height) => {
  const header = readPictureHeader(Buffer.from(PICTURE_FILES[name], 'base64'));
  expect(header).toMatchObject({ format, size: { width, height } });
});

test('WebP in its three forms, BMP, AVIF and HEIC', () => {
  const sizeOf = (bytes: Uint8Array) => {
    const { format, size } = readPictureHeader(bytes)!;
    return [format, size?.width, size?.height];
  };
  const webp = (chunk: string) => latin1(`RIFF\0\0\0\0WEBP${chunk}`.padEnd(30, '\0'));
  expect(sizeOf(webp('VP8 \0\0\0\0\0\0\0\0\0\0\x2c\x01\xc8\0'))).toEqual(['WebP', 300, 200]);
  expect(sizeOf(webp('VP8L\0\0\0\0\x2f\x2b\xc1\x31\0'))).toEqual(['WebP', 300, 200]);
  expect(sizeOf(webp('VP8X\0\0\0\0\0\0\0\0\x2b\x01\0\xc7\0\0'))).toEqual(['WebP', 300, 200]);
  expect(sizeOf(latin1('BM'.padEnd(18, '\0') + '\x2c\x01\0\0\x38\xff\xff\xff'))).toEqual(['BMP', 300, 200]);
  const ispe = (width: string, height: string) => `\0\0\0\x14ispe\0\0\0\0\0\0${width}\0\0${height}`;
  const boxes = ispe('\0\x10', '\0\x10') + ispe('\x01\x2c', '\0\xc8');
  expect(sizeOf(latin1(`\0\0\0\x18ftypavif${boxes}`))).toEqual(['AVIF', 300, 200]);
  expect(sizeOf(latin1(`\0\0\0\x18ftypheic${boxes}`))).toEqual(['HEIC', 300, 200]);
});

test('whatever bytes follow a signature, nothing throws', () => {
  const starts = ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF89a', 'RIFF\0\0\0\0WEBPVP8L', 'BM', '\0\0\0\0ftypavif', ''];
  for (const start of starts) {
    for (const filling of ['\0', '\xff', '\xc0', 'ispe']) {
      for (let length = 0; length < 64; length++) {
        const bytes = latin1(start + filling.repeat(64).slice(0, length));
        expect(() => readPictureHeader(bytes)).not.toThrow();
      }
    }
  }
});
