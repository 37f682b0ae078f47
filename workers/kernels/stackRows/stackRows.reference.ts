export interface StackRowsReferenceShape {
  rows: number;
  count: number;
  columns: number;
  xWidth: number;
  width: number;
}

/** out[m, i · columns + c] = x[count · m + i, c]; x [count · rows, xWidth], out [rows, width], zero behind the last column. */
export function stackRowsReference(
  x: Float32Array,
  out: Float32Array,
  { rows, count, columns, xWidth, width }: StackRowsReferenceShape,
): void {
  for (let m = 0; m < rows; m++) {
    for (let i = 0; i < count; i++) {
      const from = (count * m + i) * xWidth;
      out.set(x.subarray(from, from + columns), m * width + i * columns);
    }
    out.fill(0, m * width + count * columns, (m + 1) * width);
  }
}
