import { BLOCK_COLUMNS } from './layout';

const LARGEST_CODE = 15;
const LARGEST_MULTIPLE = 255;

/**
 * The ends of the range to try are the group's own ends pulled in by none, half and the whole of one step. Measured on
 * 4 M Gaussian weights: these nine ranges and one refinement are within 0.1 dB of a hundred ranges.
 */
const CLIPS = [0, 0.5 / LARGEST_CODE, 1 / LARGEST_CODE];

/**
 * Quantises one group of at most 32 weights to scale·code + offset with code 0..15, scale ≥ 0 and offset ≤ 0, least
 * squared error. Use: `load`, `searchRange`; then, once the superblock's units are known, `load`, `roundToUnits`.
 */
export class GroupSearch {
  /** Results of `searchRange`. */
  scale = 0;
  offset = 0;
  /** Results of `roundToUnits`: scale and −offset as multiples of their units, and the codes, zero beyond the group. */
  scaleMultiple = 0;
  minMultiple = 0;
  readonly codes = new Int8Array(BLOCK_COLUMNS);

  /** The weights minus `low`, which keeps the sums below accurate for a narrow group far from zero. */
  private readonly heights = new Float64Array(BLOCK_COLUMNS);
  private count = 0;
  private low = 0;
  private range = 0;
  private sum = 0;
  private sumOfSquares = 0;
  private leastError = Infinity;

  /** Takes `sign` times the weights of a group. */
  load(weights: Float32Array, start: number, count: number, sign: 1 | -1): void {
    let low = 0;
    let high = -Infinity;
    for (let i = 0; i < count; i++) {
      const weight = sign * weights[start + i]!;
      if (weight < low) low = weight;
      if (weight > high) high = weight;
    }
    let sum = 0;
    let sumOfSquares = 0;
    for (let i = 0; i < count; i++) {
      const height = sign * weights[start + i]! - low;
      this.heights[i] = height;
      sum += height;
      sumOfSquares += height * height;
    }
    this.count = count;
    this.low = low;
    this.range = high - low;
    this.sum = sum;
    this.sumOfSquares = sumOfSquares;
  }

  /** Finds scale and offset as real numbers. */
  searchRange(): void {
    this.leastError = Infinity;
    this.scale = 0;
    this.offset = this.low;
    for (const bottom of CLIPS) {
      for (const top of CLIPS) {
        this.tryCodes(bottom * this.range, ((1 - bottom - top) * this.range) / LARGEST_CODE);
      }
    }
    this.tryCodes(this.offset - this.low, this.scale);
  }

  /** Codes the group with this step from `bottom` up, then fits scale and offset to those codes by least squares. */
  private tryCodes(bottom: number, step: number): void {
    const { heights, count, sum } = this;
    const inverse = 1 / step;
    let codeSum = 0;
    let codeSquares = 0;
    let products = 0;
    for (let i = 0; i < count; i++) {
      const height = heights[i]!;
      const code = nearestCode((height - bottom) * inverse);
      codeSum += code;
      codeSquares += code * code;
      products += code * height;
    }
    if (codeSquares === 0) return;
    const determinant = count * codeSquares - codeSum * codeSum;
    let scale = (count * products - codeSum * sum) / determinant;
    let offset = (sum - scale * codeSum) / count;
    if (determinant === 0 || offset > -this.low) {
      offset = -this.low;
      scale = (products - offset * codeSum) / codeSquares;
    }
    const error =
      this.sumOfSquares +
      scale * (scale * codeSquares - 2 * products) +
      offset * (offset * count - 2 * sum + 2 * scale * codeSum);
    if (!(scale > 0) || error >= this.leastError) return;
    this.leastError = error;
    this.scale = scale;
    this.offset = offset + this.low;
  }

  /** Chooses the better of the neighbouring multiples on both sides of scale and offset, then the codes. */
  roundToUnits(scale: number, offset: number, scaleUnit: number, minUnit: number): void {
    const scaleBelow = multipleBelow(scale, scaleUnit);
    const minBelow = multipleBelow(-offset, minUnit);
    let leastError = Infinity;
    for (let s = scaleBelow; s <= scaleBelow + 1; s++) {
      for (let m = minBelow; m <= minBelow + 1; m++) {
        const error = this.errorOf(s * scaleUnit, -m * minUnit);
        if (error >= leastError) continue;
        leastError = error;
        this.scaleMultiple = s;
        this.minMultiple = m;
      }
    }
    this.assignCodes(this.scaleMultiple * scaleUnit, -this.minMultiple * minUnit);
  }

  private errorOf(scale: number, offset: number): number {
    const { heights, count } = this;
    const bottom = offset - this.low;
    const inverse = scale > 0 ? 1 / scale : 0;
    let error = 0;
    for (let i = 0; i < count; i++) {
      const above = heights[i]! - bottom;
      const rest = above - scale * nearestCode(above * inverse);
      error += rest * rest;
    }
    return error;
  }

  private assignCodes(scale: number, offset: number): void {
    const bottom = offset - this.low;
    const inverse = scale > 0 ? 1 / scale : 0;
    this.codes.fill(0);
    for (let i = 0; i < this.count; i++) this.codes[i] = nearestCode((this.heights[i]! - bottom) * inverse);
  }
}

/**
 * The code nearest to a real number, which is less than 2³¹ here because units have a range; 0 for NaN, which a group without range gives.
 * Truncating before clamping is what keeps this fast, and it is most of the time that packing takes.
 */
function nearestCode(value: number): number {
  const code = (value + 0.5) | 0;
  return code < 0 ? 0 : code > LARGEST_CODE ? LARGEST_CODE : code;
}

function multipleBelow(value: number, unit: number): number {
  return unit > 0 ? Math.min(LARGEST_MULTIPLE - 1, Math.floor(value / unit)) : 0;
}
