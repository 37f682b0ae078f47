import type { CodedRows } from './packCodes';

const SMALLEST_CODE = -128;
const LARGEST_CODE = 127;

/**
 * Moves the whole steps of each group's offset to its codes, in place: with t the integer nearest to offset / scale,
 * scale·code + offset = scale·(code + t) + (offset − scale·t). The new offset is at most half a scale, and so is its
 * rounding to h16 that much smaller, as long as every code 0..`largestCode` plus t is within −128..127; where it would
 * not be, t stops there.
 */
export function centerOffsets({ codes, scales, offsets }: CodedRows, largestCode: number): void {
  const groupColumns = codes.length / scales.length;
  for (let group = 0; group < scales.length; group++) {
    const scale = scales[group]!;
    if (scale === 0) continue;
    const steps = Math.round(offsets[group]! / scale);
    const shift = Math.max(SMALLEST_CODE, Math.min(LARGEST_CODE - largestCode, steps));
    offsets[group] = offsets[group]! - scale * shift;
    const end = (group + 1) * groupColumns;
    for (let i = group * groupColumns; i < end; i++) codes[i] = codes[i]! + shift;
  }
}
