/** Where the codes of one row lie in a block: the j-th 16 bytes of row r start at 512·j + 16·r (see layout.ts). */
export const ROW_BYTES = 16;
export const STRIPE_BYTES = 512;

/** Writes 32 codes of 0..15 as the int4 codes of one row of a block. */
export function writeInt4Row(out: Uint8Array, blockOffset: number, row: number, codes: Int8Array, start: number): void {
  let at = blockOffset + row * ROW_BYTES;
  for (let column = start; column < start + 32; column += 8) {
    for (let b = 0; b < 4; b++) out[at++] = codes[column + b]! | (codes[column + 4 + b]! << 4);
  }
}

/** Writes 32 one-byte codes as the int8 codes of one row of a block. */
export function writeInt8Row(out: Uint8Array, blockOffset: number, row: number, codes: Int8Array, start: number): void {
  const at = blockOffset + row * ROW_BYTES;
  for (let b = 0; b < 16; b++) out[at + b] = codes[start + b]!;
  for (let b = 0; b < 16; b++) out[at + STRIPE_BYTES + b] = codes[start + 16 + b]!;
}
