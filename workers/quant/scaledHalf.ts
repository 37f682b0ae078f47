import { float16ToFloat32, float32ToFloat16 } from './half';

/** An h16 (layout.ts) is the f16 of this many times its value: the least factor that makes every half a normal one. */
const FACTOR = 1024;

/** The range of h16 without its subnormals, which a GPU may read as zero. */
export const LARGEST_SCALED_HALF = 65504 / FACTOR;
export const SMALLEST_SCALED_HALF = 2 ** -14 / FACTOR;

/** The value of an h16 given as its 16 bits. */
export function scaledHalfToFloat32(bits: number): number {
  return float16ToFloat32(bits) / FACTOR;
}

/** The 16 bits of the h16 nearest to `value`, ties to even; from 63.98 on infinite. */
export function float32ToScaledHalf(value: number): number {
  return float32ToFloat16(value * FACTOR);
}

/** The normal h16 nearest to a positive number, as its value: beyond the range of h16, the end of that range. */
export function nearestScaledHalf(value: number): number {
  const clamped = Math.max(SMALLEST_SCALED_HALF, Math.min(LARGEST_SCALED_HALF, value));
  return scaledHalfToFloat32(float32ToScaledHalf(clamped));
}
