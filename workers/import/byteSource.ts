import type { RunningHash } from '../storage/runningHash';

/** Bytes of a file, `to` being the first that is not meant. */
export interface ByteRange {
  from: number;
  to: number;
}

/** Bytes of a file on disk or on a server, read mostly forwards. */
export interface ByteSource {
  /** For messages: a file name, or host and path of a URL. */
  readonly name: string;
  /** Total bytes; null where a server does not tell. */
  readonly size: number | null;
  /** Changes when the content does, as far as that can be known without reading it. */
  readonly fingerprint: string;
  /** The SHA-256 that the file is said to have, in hex; null where nobody says. */
  readonly statedHash: string | null;
  /**
   * Exactly `length` bytes from `offset`. Throws NetworkError when a server fails or ends early, SourceChangedError when
   * it has another file by now, InvalidFileError when a file is shorter or cannot be read any more.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** As `read`, of bytes far from what is read in order: they are fetched by themselves, announced or not. */
  readAside(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Everything, of at most `limit` bytes. Throws as `read` does, and InvalidFileError beyond the limit. */
  readAll(limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Announces what will be read next, in this order. It may be fetched ahead, but of what is not settled yet never more
   * than `window` bytes: that is what a page that is closed loses. Reads must come no further than `window` behind what
   * is settled.
   */
  expect(ranges: ByteRange[], window: number): void;
  /** What is in front of `offset` is stored, and will not be read again. */
  settle(offset: number): void;
  /** Goes on hashing where another page had come to. */
  resumeHash(hash: RunningHash): void;
  /** The hash of the file in front of `offset`, which must not be settled yet, or of less where a part was never read; null where nobody states one. */
  hashTo(offset: number): RunningHash | null;
  /** Ends what is under way; the source can still be read again. */
  close(): void;
}
