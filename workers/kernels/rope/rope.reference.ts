export interface RopeReferenceShape {
  rows: number;
  numHeads: number;
  headDim: number;
  /** The first channels of a head, which rotate; all of them where absent. */
  rotaryDim?: number;
  width: number;
  /** Position of the first row. */
  position: number;
}

/**
 * Rotates the pairs (i, i + rotaryDim / 2) of every head by the angle of the row's position.
 * table {cos, sin} [positions, rotaryDim / 2, 2]; x, out [rows, width], zero behind the last head.
 */
export function ropeReference(
  table: Float32Array,
  x: Float32Array,
  out: Float32Array,
  { rows, numHeads, headDim, rotaryDim = headDim, width, position }: RopeReferenceShape,
): void {
  const half = rotaryDim / 2;
  for (let m = 0; m < rows; m++) {
    for (let head = 0; head < numHeads; head++) {
      for (let i = 0; i < half; i++) {
        const at = m * width + head * headDim + i;
        const cos = table[((position + m) * half + i) * 2]!;
        const sin = table[((position + m) * half + i) * 2 + 1]!;
        const a = x[at]!;
        const b = x[at + half]!;
        out[at] = a * cos - b * sin;
        out[at + half] = b * cos + a * sin;
      }
      const start = m * width + head * headDim;
      out.set(x.subarray(start + rotaryDim, start + headDim), start + rotaryDim);
    }
    out.fill(0, m * width + numHeads * headDim, (m + 1) * width);
  }
}
