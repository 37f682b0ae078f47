import { describe, expect, test } from 'vitest';
import { PICTURE_FILES } from '../testing/pictureFiles';
import { decodePicture } from './decode';
import { resizeBicubic } from './resize';

/** Pillow's first sixteen pixels of `noise`. */
const NOISE = [
  0, 7, 0, 25, 19, 0, 62, 16, 0, 97, 16, 0, 140, 31, 0, 155, 48, 14, 143, 73, 47, 46, 14, 1, 36, 40, 51, 57, 58, 79,
  114, 60, 92, 147, 59, 101, 175, 61, 123, 168, 94, 171, 37, 63, 156, 39, 96, 149,
];

function fileOf(name: keyof typeof PICTURE_FILES): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(PICTURE_FILES[name]), (char) => char.charCodeAt(0));
}

async function decoded(file: Blob) {
  const picture = await decodePicture(file);
  const { width, height } = picture;
  const rgba = Uint8Array.from(await picture.readRows(0, height));
  picture.close();
  const pixel = (x: number, y: number) => [...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
  return { width, height, pixel, rgb: rgba.filter((_, i) => i % 4 < 3) };
}

/** A picture that holds nothing by chance, encoded by the browser. */
async function encoded(width: number, height: number, type: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#204080';
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#e0a030';
  context.fillRect(0, 0, Math.ceil(width / 2), Math.ceil(height / 2));
  return await canvas.convertToBlob({ type, quality: 0.9 });
}

function near(actual: number[], expected: number[], tolerance: number): void {
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance));
}

describe('upright and in the right colours', () => {
  // Which corner of what is stored lies top left, top right, bottom left and bottom right once upright.
  const [red, green, blue, white] = [
    [254, 0, 0],
    [0, 255, 1],
    [0, 0, 254],
    [255, 255, 255],
  ] as const;
  test.each([
    [1, [red, green, blue, white]],
    [2, [green, red, white, blue]],
    [3, [white, blue, green, red]],
    [4, [blue, white, red, green]],
    [5, [red, blue, green, white]],
    [6, [blue, red, white, green]],
    [7, [white, green, blue, red]],
    [8, [green, white, red, blue]],
  ])('EXIF orientation %i', async (orientation, corners) => {
    const bytes = fileOf('oriented');
    expect(bytes[49]).toBe(1);
    bytes[49] = orientation;
    const { width, height, pixel } = await decoded(new Blob([bytes]));
    expect([width, height]).toEqual(orientation < 5 ? [48, 32] : [32, 48]);
    near(pixel(2, 2), [...corners[0]!], 2);
    near(pixel(width - 3, 2), [...corners[1]!], 2);
    near(pixel(2, height - 3), [...corners[2]!], 2);
    near(pixel(width - 3, height - 3), [...corners[3]!], 2);
  });

  test('a JPEG decodes as Pillow decodes it', async () => {
    const { rgb } = await decoded(new Blob([fileOf('noise')], { type: 'application/octet-stream' }));
    near([...rgb.subarray(0, NOISE.length)], NOISE, 2);
  });

  test('CMYK', async () => {
    const { pixel } = await decoded(new Blob([fileOf('cmyk')]));
    near(pixel(2, 2), [255, 1, 1], 2);
    near(pixel(29, 2), [0, 255, 0], 3);
    near(pixel(2, 13), [0, 0, 255], 3);
  });

  test('16 bits per channel: the upper eight', async () => {
    const { rgb } = await decoded(new Blob([fileOf('png16')]));
    expect([...rgb.subarray(0, 15)]).toEqual([0, 18, 254, 85, 18, 254, 170, 18, 254, 255, 18, 254, 0, 19, 254]);
  });

  test('transparency is dropped, the colours beneath are kept', async () => {
    const { rgb } = await decoded(new Blob([fileOf('alpha')]));
    expect([...rgb]).toEqual([200, 100, 50, 200, 100, 50, 201, 7, 99, 1, 2, 3]);
  });

  test('the first frame of a GIF', async () => {
    const { width, height, pixel } = await decoded(new Blob([fileOf('gif')]));
    expect([width, height, pixel(0, 0), pixel(2, 1)]).toEqual([3, 2, [255, 0, 0], [255, 0, 0]]);
  });

  test('AVIF', async () => {
    const { width, height, pixel } = await decoded(new Blob([fileOf('avif')]));
    expect([width, height]).toEqual([24, 16]);
    near(pixel(2, 2), [224, 160, 48], 2);
    near(pixel(20, 12), [32, 64, 128], 2);
  });

  test('colours of a file with a profile are those that are stored', async () => {
    const canvas = new OffscreenCanvas(8, 8);
    const context = canvas.getContext('2d', { colorSpace: 'display-p3' })!;
    context.fillStyle = 'color(display-p3 0.2 0.5 0.8)';
    context.fillRect(0, 0, 8, 8);
    const { pixel } = await decoded(await canvas.convertToBlob({ type: 'image/png' }));
    near(pixel(3, 3), [51, 128, 204], 1);
  });

  test('a transparent WebP keeps its colours', async () => {
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'rgb(200 100 50 / 50%)';
    context.fillRect(0, 0, 64, 64);
    const { pixel } = await decoded(await canvas.convertToBlob({ type: 'image/webp', quality: 1 }));
    near(pixel(30, 30), [200, 100, 50], 3);
  });

  test.each(['image/png', 'image/jpeg', 'image/webp'])('%s of the browser', async (type) => {
    const { width, height, pixel } = await decoded(await encoded(301, 201, type));
    expect([width, height]).toEqual([301, 201]);
    near(pixel(20, 20), [0xe0, 0xa0, 0x30], 3);
    near(pixel(280, 20), [0x20, 0x40, 0x80], 3);
  });
});

describe('sizes', () => {
  test.each([
    [1, 1],
    [20_000, 10],
    [10, 20_000],
    [5000, 3],
  ])('%i × %i', async (width, height) => {
    const picture = await decodePicture(await encoded(width, height, 'image/png'));
    expect([picture.width, picture.height]).toEqual([width, height]);
    const last = await picture.readRows(height - 1, 1);
    expect([...last.subarray(-4)]).toEqual(width * height === 1 ? [0xe0, 0xa0, 0x30, 255] : [0x20, 0x40, 0x80, 255]);
    picture.close();
  });

  test('50 megapixels are read strip by strip', async () => {
    const picture = await decodePicture(await encoded(8660, 5774, 'image/jpeg'));
    let largest = 0;
    const watched = {
      ...picture,
      readRows: (top: number, count: number) => {
        largest = Math.max(largest, count * picture.width);
        return picture.readRows(top, count);
      },
    };
    const [small] = await resizeBicubic(watched, [{ width: 28, height: 14 }], 'pillow');
    picture.close();
    near([...small!.bytes.subarray(0, 3)], [0xe0, 0xa0, 0x30], 3);
    near([...small!.bytes.subarray(-3)], [0x20, 0x40, 0x80], 3);
    expect(largest).toBeLessThanOrEqual(1 << 20);
  });
});

describe('what is no picture is refused in a sentence', () => {
  const refusal = async (file: Blob) => {
    const error: unknown = await decodePicture(file).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'InvalidFileError' });
    return (error as Error).message;
  };

  test('other files', async () => {
    for (const content of ['', 'B', 'Hello, world!', '<svg xmlns="http://www.w3.org/2000/svg"/>', '%PDF-1.7']) {
      expect(await refusal(new Blob([content], { type: 'image/png' }))).toMatch(/is no picture/);
    }
  });

  test.each(['oriented', 'cmyk', 'noise', 'png16', 'alpha', 'gif'] as const)('%s, cut off', async (name) => {
    const bytes = fileOf(name);
    for (const share of [0.2, 0.4, 0.6]) {
      expect(await refusal(new Blob([bytes.slice(0, bytes.length * share)]))).toMatch(/damaged or cut off/);
    }
  });

  test('formats that not every browser reads are refused by name', async () => {
    const heic = '\0\0\0\x18ftypheic\0\0\0\0mif1heic';
    expect(await refusal(new Blob([heic]))).toMatch(/^The HEIC picture .*does not read the format/);
    expect(await refusal(new Blob([fileOf('avif').slice(0, 200)]))).toMatch(/^The AVIF picture is damaged/);
  });

  test('a size that would not fit memory is refused before anything is decoded', async () => {
    const bytes = fileOf('png16');
    new DataView(bytes.buffer).setUint32(16, 20_000);
    new DataView(bytes.buffer).setUint32(20, 20_000);
    expect(await refusal(new Blob([bytes]))).toMatch(/20000 × 20000 pixels; at most 100 megapixels/);
  });
});
