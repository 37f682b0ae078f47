import { BLOCK_COLUMNS } from './layout';

const LARGEST_CODE = 15;
const LARGEST_MULTIPLE = 255;

/**
 * The ends of the range to try are the group's own ends pulled in by none, half and the whole of one step. Measured on
 * 4 M Gaussian weights: these nine ranges and one refinement are within 0.1 dB of a hundred ranges.
 */
const CLIPS = [0, 0.5 / LARGEST_CODE, 1 / LARGEST_CODE] as const;

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
  private errorA = 0;
  private errorB = 0;

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
    for (const bottom of CLIPS) this.tryTops(bottom);
    this.tryCodes(this.offset - this.low, this.scale);
  }

  /**
   * `tryCodes` for a bottom that is pulled in by this share of the range, and each of three tops, in one pass: what one
   * waits for, the others compute. A code cannot fall below zero here: none is more than 1.2 steps below the bottom.
   */
  private tryTops(share: number): void {
    const { heights, count, range } = this;
    const bottom = share * range;
    const inverseA = 1 / (((1 - share - CLIPS[0]) * range) / LARGEST_CODE);
    const inverseB = 1 / (((1 - share - CLIPS[1]) * range) / LARGEST_CODE);
    const inverseC = 1 / (((1 - share - CLIPS[2]) * range) / LARGEST_CODE);
    let [sumA, sumB, sumC] = [0, 0, 0];
    let [squaresA, squaresB, squaresC] = [0, 0, 0];
    let [productsA, productsB, productsC] = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      const height = heights[i]!;
      const above = height - bottom;
      const a = (above * inverseA + 0.5) | 0;
      let b = (above * inverseB + 0.5) | 0;
      let c = (above * inverseC + 0.5) | 0;
      if (b > LARGEST_CODE) b = LARGEST_CODE;
      if (c > LARGEST_CODE) c = LARGEST_CODE;
      sumA = (sumA + a) | 0;
      sumB = (sumB + b) | 0;
      sumC = (sumC + c) | 0;
      squaresA = (squaresA + Math.imul(a, a)) | 0;
      squaresB = (squaresB + Math.imul(b, b)) | 0;
      squaresC = (squaresC + Math.imul(c, c)) | 0;
      productsA += a * height;
      productsB += b * height;
      productsC += c * height;
    }
    this.fit(sumA, squaresA, productsA);
    this.fit(sumB, squaresB, productsB);
    this.fit(sumC, squaresC, productsC);
  }

  /** Codes the group with this step from `bottom` up, then fits scale and offset to those codes. */
  private tryCodes(bottom: number, step: number): void {
    const { heights, count } = this;
    const inverse = 1 / step;
    let codeSum = 0;
    let codeSquares = 0;
    let products = 0;
    for (let i = 0; i < count; i++) {
      const height = heights[i]!;
      const code = nearestCode((height - bottom) * inverse);
      codeSum = (codeSum + code) | 0;
      codeSquares = (codeSquares + Math.imul(code, code)) | 0;
      products += code * height;
    }
    this.fit(codeSum, codeSquares, products);
  }

  /** Fits scale and offset by least squares to codes with these sums, and keeps them where they are the best so far. */
  private fit(codeSum: number, codeSquares: number, products: number): void {
    const { count, sum } = this;
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
      this.measureOffsets(s * scaleUnit, -minBelow * minUnit, -(minBelow + 1) * minUnit);
      for (let m = 0; m < 2; m++) {
        const error = m === 0 ? this.errorA : this.errorB;
        if (error >= leastError) continue;
        leastError = error;
        this.scaleMultiple = s;
        this.minMultiple = minBelow + m;
      }
    }
    this.assignCodes(this.scaleMultiple * scaleUnit, -this.minMultiple * minUnit);
  }

  /** The squared errors of one scale with two offsets, in one pass. */
  private measureOffsets(scale: number, offsetA: number, offsetB: number): void {
    const { heights, count } = this;
    const bottomA = offsetA - this.low;
    const bottomB = offsetB - this.low;
    const inverse = scale > 0 ? 1 / scale : 0;
    let errorA = 0;
    let errorB = 0;
    for (let i = 0; i < count; i++) {
      const height = heights[i]!;
      const aboveA = height - bottomA;
      const aboveB = height - bottomB;
      const restA = aboveA - scale * nearestCode(aboveA * inverse);
      const restB = aboveB - scale * nearestCode(aboveB * inverse);
      errorA += restA * restA;
      errorB += restB * restB;
    }
    this.errorA = errorA;
    this.errorB = errorB;
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
