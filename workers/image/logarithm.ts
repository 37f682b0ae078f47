/** Bits behind the point of the sums below: twice as many as a result has. */
const BITS = 128n;
const ONE = 1n << 52n;
const LN2 = twiceArtanh(1n, 3n);

/**
 * The natural logarithm of a normal positive number, correctly rounded. Browsers' Math.log differs in the last bit from the
 * C library's under Python's math.log, and where two grids fit a picture equally well the choice hangs on that bit.
 * With x = m · 2^e and 1 ≤ m < 2: ln x = 2 artanh((m - 1) / (m + 1)) + e ln 2.
 */
export function naturalLog(x: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  const exponent = BigInt((bits.getUint32(0) >>> 20) - 1023);
  const mantissa = (bits.getBigUint64(0) & (ONE - 1n)) | ONE;
  return Number(twiceArtanh(mantissa - ONE, mantissa + ONE) + exponent * LN2) * 2 ** -Number(BITS);
}

/** 2 (s + s³/3 + s⁵/5 + …) for s = numerator / denominator, in units of 2^-BITS. */
function twiceArtanh(numerator: bigint, denominator: bigint): bigint {
  const s = (numerator << (BITS + 1n)) / denominator;
  const square = (numerator * numerator * (1n << BITS)) / (denominator * denominator);
  let sum = 0n;
  let power = s;
  for (let n = 1n; power > 0n; n += 2n) {
    sum += power / n;
    power = (power * square) >> BITS;
  }
  return sum;
}
