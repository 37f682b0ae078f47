/** out[m] = features[tokenIds[m] − firstId] for ids from firstId on; other rows of out are left alone. */
export function featureRowsReference(
  tokenIds: ArrayLike<number>,
  features: Float32Array,
  out: Float32Array,
  { firstId, rows, width }: { firstId: number; rows: number; width: number },
): void {
  for (let m = 0; m < tokenIds.length; m++) {
    const row = tokenIds[m]! - firstId;
    if (row >= 0 && row < rows) out.set(features.subarray(row * width, (row + 1) * width), m * width);
  }
}
