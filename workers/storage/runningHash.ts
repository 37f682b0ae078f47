/** A SHA-256 under way (FIPS 180-4), as plain data that outlives the page. */
export interface RunningHash {
  /** The eight words of the hash so far. */
  words: number[];
  /** Bytes that went in. */
  length: number;
  /** Those of them that do not fill a block of 64 yet. */
  rest: Uint8Array<ArrayBuffer>;
}

const BLOCK_BYTES = 64;

const INITIAL_WORDS = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

const ROUND_CONSTANTS = roundConstants();

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
function roundConstants(): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => (Math.cbrt(prime) % 1) * 2 ** 32);
}

/** The hash of nothing. */
export function emptyHash(): RunningHash {
  return { words: INITIAL_WORDS, length: 0, rest: new Uint8Array(0) };
}

/** `hash` with `bytes` appended. */
export function appendToHash(hash: RunningHash, bytes: Uint8Array): RunningHash {
  const words = Int32Array.from(hash.words);
  let position = 0;
  let rest = hash.rest;
  if (rest.length > 0) {
    position = Math.min(BLOCK_BYTES - rest.length, bytes.length);
    rest = joined(rest, bytes.subarray(0, position));
    if (rest.length === BLOCK_BYTES) {
      digestBlocks(words, rest, 0, BLOCK_BYTES);
      rest = new Uint8Array(0);
    }
  }
  if (position < bytes.length) {
    const end = bytes.length - ((bytes.length - position) % BLOCK_BYTES);
    digestBlocks(words, bytes, position, end);
    rest = bytes.slice(end);
  }
  return { words: Array.from(words), length: hash.length + bytes.length, rest };
}

/** The finished hash in lower-case hex. */
export function finishedHash(hash: RunningHash): string {
  const zeros = (2 * BLOCK_BYTES - 9 - hash.rest.length) % BLOCK_BYTES;
  const padding = new Uint8Array(1 + zeros + 8);
  padding[0] = 0x80;
  const view = new DataView(padding.buffer);
  view.setUint32(1 + zeros, Math.floor((hash.length * 8) / 2 ** 32));
  view.setUint32(1 + zeros + 4, (hash.length * 8) % 2 ** 32);
  const { words } = appendToHash(hash, padding);
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const schedule = new Int32Array(64);

function digestBlocks(words: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  const w = schedule;
  const k = ROUND_CONSTANTS;
  let [h0, h1, h2, h3, h4, h5, h6, h7] = words as unknown as Octet;
  for (let block = start; block < end; block += BLOCK_BYTES) {
    for (let i = 0, at = block; i < 16; i++, at += 4) {
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (((w[i - 16]! + s0) | 0) + ((w[i - 7]! + s1) | 0)) | 0;
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    let f = h5;
    let g = h6;
    let h = h7;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (((((h + s1) | 0) + (g ^ (e & (f ^ g)))) | 0) + ((k[i]! + w[i]!) | 0)) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
    h5 = (h5 + f) | 0;
    h6 = (h6 + g) | 0;
    h7 = (h7 + h) | 0;
  }
  words.set([h0, h1, h2, h3, h4, h5, h6, h7]);
}

type Octet = [number, number, number, number, number, number, number, number];
