import type { ImageConfig } from '../checkpoint/imageConfig';
import type { Picture } from './picture';
import type { Size } from './slicing';

/** RGB bytes, row-major, three to a pixel. */
export interface RgbImage extends Size {
  bytes: Uint8Array;
}

/** Bits behind the point of a weight: 32, less 8 of a byte and 2 for sums above the largest byte (Pillow, Resample.c). */
const WEIGHT_BITS = 22;

/** The kernel reaches two pixels to either side. */
const RADIUS = 2;

/** Which of `length` input pixels make each of the output pixels, and how much of each. */
interface Taps {
  /** The first input pixel of each output pixel. */
  start: Int32Array;
  /** How many there are. */
  count: Int32Array;
  /** `stride` weights for each output pixel, in units of 2^-bits. */
  weights: Int32Array;
  stride: number;
  bits: number;
}

/** Pixels of a strip that is read at once: a few megabytes. */
const STRIP_PIXELS = 1 << 20;

/**
 * The picture at each of `sizes`, byte for byte as the model's image processor makes it. Both are antialiased bicubic:
 * a = -0.5, support widened by the factor of shrinking, columns first and then rows, integer weights, each pass rounded to
 * bytes. 'pillow' is `Image.resize(size, BICUBIC)`; 'torch', torchvision's `resize` of bytes, has weights of 16 bits.
 * The picture is read once, in strips of rows, so that it never lies in JavaScript's memory as a whole.
 */
export async function resizeBicubic(
  picture: Picture,
  sizes: readonly Size[],
  arithmetic: ImageConfig['resizing'],
): Promise<RgbImage[]> {
  const { width, height } = picture;
  const narrowed = sizes.map((size) => ({
    taps: bicubicTaps(width, size.width, arithmetic),
    image: { width: size.width, height, bytes: new Uint8Array(size.width * height * 3) },
  }));
  const stripRows = Math.max(1, Math.floor(STRIP_PIXELS / width));
  for (let top = 0; top < height; top += stripRows) {
    const rows = Math.min(stripRows, height - top);
    const rgba = await picture.readRows(top, rows);
    for (const { taps, image } of narrowed) resizeColumns(rgba, width, rows, taps, image, top);
  }
  return sizes.map((size, i) =>
    resizeRows(narrowed[i]!.image, bicubicTaps(height, size.height, arithmetic), size.height),
  );
}

/** Horizontal pass over `rows` rows of RGBA bytes, into the rows of `target` from `top` on. Alpha is not looked at. */
function resizeColumns(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  rows: number,
  { start, count, weights, stride, bits }: Taps,
  target: RgbImage,
  top: number,
): void {
  const half = 1 << (bits - 1);
  let at = top * target.width * 3;
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < target.width; x++) {
      let [red, green, blue] = [half, half, half];
      let from = (row * width + start[x]!) * 4;
      const firstWeight = x * stride;
      const lastWeight = firstWeight + count[x]!;
      for (let k = firstWeight; k < lastWeight; k++, from += 4) {
        const weight = weights[k]!;
        red = (red + weight * rgba[from]!) | 0;
        green = (green + weight * rgba[from + 1]!) | 0;
        blue = (blue + weight * rgba[from + 2]!) | 0;
      }
      target.bytes[at] = toByte(red >> bits);
      target.bytes[at + 1] = toByte(green >> bits);
      target.bytes[at + 2] = toByte(blue >> bits);
      at += 3;
    }
  }
}

/** Vertical pass. */
function resizeRows(image: RgbImage, { start, count, weights, stride, bits }: Taps, height: number): RgbImage {
  const rowBytes = image.width * 3;
  const bytes = new Uint8Array(rowBytes * height);
  const sums = new Int32Array(rowBytes);
  for (let y = 0; y < height; y++) {
    sums.fill(1 << (bits - 1));
    for (let k = 0; k < count[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const from = (start[y]! + k) * rowBytes;
      for (let i = 0; i < rowBytes; i++) sums[i] = sums[i]! + weight * image.bytes[from + i]!;
    }
    const to = y * rowBytes;
    for (let i = 0; i < rowBytes; i++) bytes[to + i] = toByte(sums[i]! >> bits);
  }
  return { width: image.width, height, bytes };
}

function toByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Weights that make `outputLength` pixels of `inputLength`: normalised to one, then rounded, halves away from zero. */
function bicubicTaps(inputLength: number, outputLength: number, arithmetic: ImageConfig['resizing']): Taps {
  const scale = inputLength / outputLength;
  const stretch = Math.max(scale, 1);
  const support = RADIUS * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(outputLength);
  const count = new Int32Array(outputLength);
  const shares = new Float64Array(outputLength * stride);
  for (let i = 0; i < outputLength; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inputLength, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let k = 0; k < end - first; k++) {
      const share = cubic((k + first - center + 0.5) * (1 / stretch));
      shares[i * stride + k] = share;
      sum += share;
    }
    start[i] = first;
    count[i] = end - first;
    for (let k = i * stride; k < i * stride + end - first; k++) shares[k] = shares[k]! / sum;
  }
  const bits = arithmetic === 'pillow' ? WEIGHT_BITS : bitsOfShort(shares);
  const weights = Int32Array.from(shares, (share) => Math.trunc(share * (1 << bits) + (share < 0 ? -0.5 : 0.5)));
  return { start, count, weights, stride, bits };
}

/** The most bits behind the point with which the largest share still fits a signed 16-bit weight. */
function bitsOfShort(shares: Float64Array): number {
  const largest = shares.reduce((a, b) => Math.max(a, b));
  let bits = 0;
  while (bits < WEIGHT_BITS && Math.trunc(0.5 + largest * (1 << (bits + 1))) < 1 << 15) bits++;
  return bits;
}

/** Keys' cubic with a = -0.5. */
function cubic(position: number): number {
  const a = -0.5;
  const x = Math.abs(position);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}
