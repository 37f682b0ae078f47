import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

/** The RGBA bytes of a PNG file of 8-bit RGB, not interlaced (PNG specification, sections 9 and 11). */
export function readRgbPng(path: string): { width: number; height: number; rgba: Uint8Array } {
  const file = readFileSync(path);
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const [bitDepth, colourType, , , interlaced] = file.subarray(24, 29);
  if (bitDepth !== 8 || colourType !== 2 || interlaced !== 0) throw new Error(`${path} is not plain 8-bit RGB`);
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const rgb = unfilter(inflateSync(Buffer.concat(parts)), width * 3, height);
  const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : rgb[Math.floor(i / 4) * 3 + (i % 4)]!,
  );
  return { width, height, rgba };
}

/** Undoes the filter of each row, for pixels of three bytes. */
function unfilter(data: Uint8Array, rowBytes: number, height: number): Uint8Array {
  const out = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)];
    for (let x = 0; x < rowBytes; x++) {
      const at = y * rowBytes + x;
      const left = x < 3 ? 0 : out[at - 3]!;
      const above = y === 0 ? 0 : out[at - rowBytes]!;
      const corner = x < 3 || y === 0 ? 0 : out[at - rowBytes - 3]!;
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter!]!;
      out[at] = data[y * (rowBytes + 1) + 1 + x]! + predicted;
    }
  }
  return out;
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
