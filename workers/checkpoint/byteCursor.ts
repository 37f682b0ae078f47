import { engineError } from '../errors';

/** Reads ahead at least this much, so that a header of millions of small values takes few reads. */
const READ_BYTES = 256 * 1024;

/** Exactly `length` bytes from `offset`. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Little-endian values of a file, one after another, checked against its size before anything is read or allocated.
 * Call `require` for the bytes of the next values, then read them. Throws InvalidFileError at the end of the file.
 */
export class ByteCursor {
  readonly #read: ReadBytes;
  readonly #fileSize: number;
  /** For messages. */
  readonly file: string;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Where `#bytes` begins in the file, and where in it the next value is. */
  #start = 0;
  #next = 0;

  constructor(read: ReadBytes, fileSize: number | null, file: string) {
    this.#read = read;
    this.#fileSize = fileSize ?? Number.MAX_SAFE_INTEGER;
    this.file = file;
  }

  /** The byte of the file that is read next. */
  get position(): number {
    return this.#start + this.#next;
  }

  /** True where the next `length` bytes are at hand: `require` need not be awaited. */
  has(length: number): boolean {
    return this.#next + length <= this.#bytes.length;
  }

  /** Brings the next `length` bytes to hand. `what` names them in the error for a file that ends before. */
  async require(length: number, what: string): Promise<void> {
    if (this.has(length)) return;
    this.checkRoom(length, what);
    const rest = this.#bytes.subarray(this.#next);
    const end = this.#start + this.#bytes.length;
    const missing = Math.max(length - rest.length, Math.min(READ_BYTES, this.#fileSize - end));
    const more = await this.#read(end, missing);
    this.#start += this.#next;
    this.#next = 0;
    this.#bytes = new Uint8Array(rest.length + more.length);
    this.#bytes.set(rest);
    this.#bytes.set(more, rest.length);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Throws InvalidFileError where the file does not have `length` more bytes. */
  checkRoom(length: number, what: string): void {
    if (this.position + length <= this.#fileSize) return;
    throw engineError(
      'InvalidFileError',
      `${this.file}: ${what} at byte ${this.position} takes ${length} bytes, but the file ends at byte ${this.#fileSize}.`,
    );
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** The nearest number where 64 bits say more than a number can. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** As `u64`. */
  i64(): number {
    return Number(this.#view.getBigInt64(this.#advance(8), true));
  }

  /** The next `length` bytes, valid until the next call of `require`. */
  bytes(length: number): Uint8Array {
    const offset = this.#advance(length);
    return this.#bytes.subarray(offset, offset + length);
  }

  #advance(length: number): number {
    const offset = this.#next;
    this.#next += length;
    return offset;
  }
}
