const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The value of an IEEE 754 half given as its 16 bits. */
export function float16ToFloat32(bits: number): number {
  // Sign, exponent and fraction moved to their places in an f32, whose exponent is biased by 112 more.
  const moved = ((bits & 0x8000) << 16) | ((bits & 0x7fff) << 13);
  if ((bits & 0x7c00) === 0x7c00) {
    word[0] = moved | 0x7f800000;
    return float[0]!;
  }
  word[0] = moved;
  return float[0]! * 2 ** 112;
}

/** The 16 bits of the half nearest to the f32 `value`, ties to even; from 65520 on infinite, a NaN becomes 0x7e00. */
export function float32ToFloat16(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // Below the normal halves the spacing is 2⁻²⁴, which is the spacing of f32 above ½: the addition rounds.
  float[0] = Math.abs(value) + 0.5;
  return sign | (word[0]! - 0x3f000000);
}

/** Little-endian halves as floats. Throws RangeError for an odd number of bytes. */
export function decodeFloat16(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(pairCount(bytes));
  for (let i = 0; i < values.length; i++) values[i] = float16ToFloat32(bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
  return values;
}

/** Little-endian bfloat16 as floats. Throws RangeError for an odd number of bytes. */
export function decodeBFloat16(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(pairCount(bytes));
  for (let i = 0; i < words.length; i++) words[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
  return new Float32Array(words.buffer);
}

function pairCount(bytes: Uint8Array): number {
  if (bytes.length % 2 !== 0) throw new RangeError(`${bytes.length} bytes are not a whole number of 2-byte floats`);
  return bytes.length / 2;
}
