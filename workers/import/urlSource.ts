import { engineError } from '../errors';
import type { ByteSource } from './byteSource';
import type { HttpBody } from './httpBody';
import { openBody, placeOf, TransientError } from './httpBody';

/** Reading on through this much is cheaper than asking the server anew. */
const SKIP_BYTES = 4 * 1024 * 1024;

/** Waiting times between attempts; every byte that arrives starts them over. */
const RETRY_SECONDS = [0.5, 1, 2, 4];

/** A server that has not answered once is more likely wrong than busy. */
const FIRST_RETRIES = 2;

/**
 * A file on a server, read from one streaming answer as long as reads go forwards, and from a Range request otherwise.
 * A connection that breaks is taken up again at the byte it had reached.
 */
export class UrlSource implements ByteSource {
  readonly name: string;
  readonly size: number | null;
  readonly fingerprint: string;
  readonly #url: string;
  readonly #etag: string | null;
  readonly #retrySeconds: readonly number[];
  #body: HttpBody;

  private constructor(url: string, body: HttpBody, retrySeconds: readonly number[]) {
    this.name = placeOf(url);
    this.size = body.totalSize;
    // Without the query: it may hold a token, and an address that is signed anew is still the same file.
    this.fingerprint = `${this.name} ${body.totalSize} ${body.etag}`;
    this.#url = url;
    this.#etag = body.etag;
    this.#retrySeconds = retrySeconds;
    this.#body = body;
  }

  /**
   * Resolves when the server answers; null where it has no such file. A page of HTML counts as none: many hosts send one
   * for every path they do not know. Throws NetworkError.
   */
  static async open(url: string, retrySeconds: readonly number[] = RETRY_SECONDS): Promise<UrlSource | null> {
    const body = await retrying(placeOf(url), retrySeconds.slice(0, FIRST_RETRIES), () => openBody(url, 0));
    if (!body?.isHtml) return body && new UrlSource(url, body, retrySeconds);
    body.cancel();
    return null;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const piece = await this.#retrying(() => this.#next(offset + filled, length - filled));
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  async readAll(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces = await this.#retrying(() => this.#readToEnd(limit));
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  close(): void {
    this.#body.cancel();
  }

  async #next(offset: number, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.#seek(offset);
    const piece = await this.#body.next(limit);
    if (piece.length === 0) throw this.#endedEarly();
    return piece;
  }

  /** The size that the server stated is not asked: it may be that of a compressed answer. */
  async #readToEnd(limit: number): Promise<Uint8Array<ArrayBuffer>[]> {
    await this.#seek(0);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (;;) {
      const piece = await this.#body.next(limit);
      if (this.#body.position > limit) {
        this.close();
        throw engineError('InvalidFileError', `${this.name} is too large: at most ${limit} bytes are expected.`);
      }
      if (piece.length === 0) return pieces;
      pieces.push(piece);
    }
  }

  /** Brings the stream to `offset`, by reading on or by a new request. */
  async #seek(offset: number): Promise<void> {
    const isNear = offset >= this.#body.position && offset <= this.#body.position + SKIP_BYTES;
    if (this.#body.isCancelled || !isNear) {
      this.#body.cancel();
      const body = await openBody(this.#url, offset);
      if (body?.totalSize !== this.size || body?.etag !== this.#etag) {
        body?.cancel();
        throw engineError('NetworkError', `${this.name} has changed on the server during the download.`);
      }
      this.#body = body!;
    }
    if (!(await this.#body.skipTo(offset))) throw this.#endedEarly();
  }

  #endedEarly(): Error {
    const { position } = this.#body;
    this.#body.cancel();
    return new TransientError(`it ended early at byte ${position}`);
  }

  #retrying<T>(attempt: () => Promise<T>): Promise<T> {
    return retrying(this.name, this.#retrySeconds, async () => {
      try {
        return await attempt();
      } catch (error) {
        this.#body.cancel();
        throw error;
      }
    });
  }
}

async function retrying<T>(place: string, waits: readonly number[], attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      const seconds = waits[failures];
      if (seconds === undefined) throw engineError('NetworkError', `${place}: ${error.message}.`, error);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}
