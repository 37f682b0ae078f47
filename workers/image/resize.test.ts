import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { pictureOfBytes, type Picture } from './picture';
import { resizeBicubic } from './resize';

/** A picture of odd colours that a formula makes. */
function pattern(width: number, height: number): Picture {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rgba.set([x * 37 + y * 11, x * 5 + y * 53, x * x + y * y * 3, 7], (y * width + x) * 4);
    }
  }
  return pictureOfBytes(width, height, rgba);
}

/** SHA-256 of what Pillow 12 makes of the same picture with BICUBIC: smaller, larger, both, one side only, unchanged, in strips. */
const PILLOW: [number, number, number, number, string][] = [
  [61, 47, 28, 14, 'a4581cd44fd05787a2c573d2b7f69890f2dd8af582947e5bbbfd0881c3f90d6a'],
  [61, 47, 56, 70, '2ca34f8a69ccfdb0f9a1d801af057dafcb03f8ba8cd80b40cd0a76ef40e48a9a'],
  [61, 47, 14, 98, '53753e8c6cefb054d65f46ff51dcda365932a5b0910ec97d85dd358c57963676'],
  [61, 47, 61, 28, 'e2c8f9941b924cdcaed0ca123e5919866b4aa1fb357e9439d49bb1f849af9aaa'],
  [61, 47, 61, 47, 'ef1aecf3a6763858a6b7523ef64f7e270a3360a1bcf05122da6af1945bcd6d46'],
  [2048, 1100, 56, 70, 'c67bff9f257494101f998198a245783a128839ce0264ec3b304144469d3d3ddd'],
  [1, 1, 14, 14, 'c7606d438ecce7eaef403d65064ab7cf28f5eeb137d59e6e4bd5f88f41a126bb'],
  [2000, 1, 14, 28, '5f2c96c8b9f62bc863baf2467e585875c9744364a6b50ac97529920747dfd809'],
];

describe('byte for byte as Pillow', () => {
  test.each(PILLOW)('%i × %i to %i × %i', async (width, height, newWidth, newHeight, hash) => {
    const size = { width: newWidth, height: newHeight };
    const [image] = await resizeBicubic(pattern(width, height), [size], 'pillow');
    expect({ width: image!.width, height: image!.height }).toEqual(size);
    expect(createHash('sha256').update(image!.bytes).digest('hex')).toBe(hash);
  });

  test('several sizes come of one reading', async () => {
    const picture = pattern(61, 47);
    const sizes = PILLOW.slice(0, 3).map(([, , width, height]) => ({ width, height }));
    let rowsRead = 0;
    const readRows = (top: number, count: number) => {
      rowsRead += count;
      return picture.readRows(top, count);
    };
    const images = await resizeBicubic({ ...picture, readRows }, sizes, 'pillow');
    const hashes = images.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
    expect(hashes).toEqual(PILLOW.slice(0, 3).map((row) => row[4]));
    expect(rowsRead).toBe(47);
  });
});

test("torchvision's weights of 16 bits move a byte by a level at most now and then", async () => {
  const size = { width: 28, height: 14 };
  const [pillow] = await resizeBicubic(pattern(61, 47), [size], 'pillow');
  const [torch] = await resizeBicubic(pattern(61, 47), [size], 'torch');
  const differences = pillow!.bytes.map((byte, i) => Math.abs(byte - torch!.bytes[i]!));
  expect(Math.max(...differences)).toBe(1);
  expect(differences.filter((difference) => difference > 0).length).toBeLessThan(size.width * size.height * 3 * 0.01);
});
