export interface MixRowsReferenceShape {
  rows: number;
  tableRows: number;
  columns: number;
  mixWidth: number;
  width: number;
}

/** out[m] = Σ_k mix[m, k] · table[k]; mix [rows, mixWidth], table [tableRows, columns], out [rows, width]. */
export function mixRowsReference(
  mix: Float32Array,
  table: Float32Array,
  out: Float32Array,
  { rows, tableRows, columns, mixWidth, width }: MixRowsReferenceShape,
): void {
  const sums = new Float64Array(width);
  for (let m = 0; m < rows; m++) {
    sums.fill(0);
    for (let k = 0; k < tableRows; k++) {
      const weight = mix[m * mixWidth + k]!;
      if (weight === 0) continue;
      for (let c = 0; c < columns; c++) sums[c]! += weight * table[k * columns + c]!;
    }
    out.set(sums, m * width);
  }
}
