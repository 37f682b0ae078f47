/** out[0] = x[rows − 1]; x [rows, width]. */
export function lastRowReference(
  x: Float32Array,
  out: Float32Array,
  { rows, width }: { rows: number; width: number },
): void {
  out.set(x.subarray((rows - 1) * width, rows * width));
}
