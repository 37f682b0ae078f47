import { engineError } from '../errors';
import { sha256 } from '../storage/hash';
import type { ByteSource } from './byteSource';
import type { HttpBody } from './httpBody';
import { openBody, placeOf } from './httpBody';
import { retrying, TransientError } from './retry';
import type { Transfer } from './transfer';
import { firstSettings } from './transfer';

/** A document that is read by its parts is kept as a whole, up to this size. */
const READ_LIMIT = 64 << 20;

/** A small file on a server, read as a whole, in whatever encoding is quickest: a configuration or a tokenizer. */
export class UrlDocument implements ByteSource {
  readonly name: string;
  readonly size: number | null;
  readonly fingerprint: string;
  readonly statedHash: string | null;
  readonly #url: string;
  readonly #transfer: Transfer;
  /** The answer that was there when it was opened, until it is read. */
  #opened: HttpBody | null;
  #content: Promise<Uint8Array<ArrayBuffer>> | null = null;

  private constructor(url: string, opened: HttpBody, statedHash: string | null, transfer: Transfer) {
    this.name = placeOf(url);
    this.size = opened.version.size;
    this.fingerprint = `${this.name} ${this.size} ${statedHash ?? opened.version.etag}`;
    this.statedHash = statedHash;
    this.#url = url;
    this.#transfer = transfer;
    this.#opened = opened;
  }

  /** See UrlSource.open. */
  static async open(url: string, transfer: Transfer, statedHash: string | null = null): Promise<UrlDocument | null> {
    const body = await retrying(placeOf(url), firstSettings(transfer), () => request(url, transfer));
    if (!body?.isHtml) return body && new UrlDocument(url, body, statedHash, transfer);
    body.cancel();
    return null;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#content ??= this.readAll(READ_LIMIT);
    return (await this.#content).slice(offset, offset + length);
  }

  readAside(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.read(offset, length);
  }

  async readAll(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await retrying(this.name, this.#transfer.settings, () => this.#readToEnd(limit));
    if (this.statedHash === null || (await sha256(bytes)) === this.statedHash) return bytes;
    throw engineError('NetworkError', `${this.name} did not arrive as the hub states it: its SHA-256 is another.`);
  }

  expect(): void {
    // It is read as a whole.
  }

  settle(): void {
    // It is read as a whole.
  }

  resumeHash(): void {
    // It is read as a whole.
  }

  hashTo(): null {
    return null;
  }

  close(): void {
    this.#opened?.cancel();
    this.#opened = null;
  }

  /** The size that the server stated is not asked: it may be that of a compressed answer. */
  async #readToEnd(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const body = this.#opened ?? (await request(this.#url, this.#transfer));
    this.#opened = null;
    if (!body) throw engineError('NetworkError', `${this.name} is no longer there.`);
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for (;;) {
      const piece = await body.next(limit);
      if (body.position > limit) {
        body.cancel();
        throw engineError('InvalidFileError', `${this.name} is too large: at most ${limit} bytes are expected.`);
      }
      if (piece.length === 0) break;
      pieces.push(piece);
    }
    if (body.end !== null && body.position < body.end)
      throw new TransientError(`it ended early at byte ${body.position}`);
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }
}

function request(url: string, transfer: Transfer): Promise<HttpBody | null> {
  return openBody({ url, range: null, controller: new AbortController() }, transfer);
}
