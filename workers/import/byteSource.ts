/** Bytes of a file on disk or on a server, read mostly forwards. */
export interface ByteSource {
  /** For messages: a file name, or host and path of a URL. */
  readonly name: string;
  /** Total bytes; null where a server does not tell. */
  readonly size: number | null;
  /** Changes when the content does, as far as that can be known without reading it. */
  readonly fingerprint: string;
  /**
   * Exactly `length` bytes from `offset`. Throws NetworkError when a server fails or ends early, InvalidFileError when a
   * file is shorter or cannot be read any more.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Everything, of at most `limit` bytes. Throws as `read` does, and InvalidFileError beyond the limit. */
  readAll(limit: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends what is under way; the source can still be read again. */
  close(): void;
}
