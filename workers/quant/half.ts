/** The value of an IEEE 754 half given as its 16 bits. */
export function float16ToFloat32(bits: number): number {
  throw new Error(`not implemented: ${bits}`);
}

/** The 16 bits of the half nearest to `value`, ties to even; values beyond the range become infinite. */
export function float32ToFloat16(value: number): number {
  throw new Error(`not implemented: ${value}`);
}

/** Little-endian halves as floats. Throws RangeError for an odd number of bytes. */
export function decodeFloat16(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  throw new Error(`not implemented: ${bytes.length}`);
}

/** Little-endian bfloat16 as floats. Throws RangeError for an odd number of bytes. */
export function decodeBFloat16(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  throw new Error(`not implemented: ${bytes.length}`);
}
