/** Bytes that repeat for as long as anybody reads: weights of any size that take the memory of their period. */
export type Tape = Uint8Array;

/** A run of bytes of a file: those of `tape` from `start` on, which begins anew at its end. */
export interface Segment {
  tape: Tape;
  start: number;
  bytes: number;
}

/** A file that exists only where it is read. */
export class VirtualFile {
  readonly size: number;
  readonly #segments: (Segment & { from: number })[] = [];

  constructor(segments: Segment[]) {
    let from = 0;
    for (const segment of segments) {
      this.#segments.push({ ...segment, from });
      from += segment.bytes;
    }
    this.size = from;
  }

  /** A file of these bytes. */
  static of(bytes: Uint8Array): VirtualFile {
    return new VirtualFile([{ tape: bytes, start: 0, bytes: bytes.length }]);
  }

  /** Bytes `from` to `to`, which must lie within the file. */
  read(from: number, to: number): Uint8Array {
    const out = new Uint8Array(to - from);
    for (const segment of this.#segments) {
      const end = Math.min(to, segment.from + segment.bytes);
      for (let at = Math.max(from, segment.from); at < end;) {
        const position = (segment.start + at - segment.from) % segment.tape.length;
        const piece = segment.tape.subarray(position, position + end - at);
        out.set(piece, at - from);
        at += piece.length;
      }
    }
    return out;
  }
}
