import { engineError } from '../errors';
import type { RunningHash } from '../storage/runningHash';
import type { ByteRange, ByteSource } from './byteSource';
import { FileHash } from './fileHash';
import type { FileVersion, HttpBody } from './httpBody';
import { isSameVersion, openBody, placeOf } from './httpBody';
import { FIRST_PART_BYTES, RangeReader } from './rangeReader';
import { retrying, TransientError } from './retry';
import type { Transfer } from './transfer';
import { firstSettings } from './transfer';

/** A file of weights on a server, of which only what is needed is fetched. */
export class UrlSource implements ByteSource {
  readonly name: string;
  readonly size: number | null;
  readonly fingerprint: string;
  readonly statedHash: string | null;
  readonly #url: string;
  readonly #version: FileVersion;
  readonly #transfer: Transfer;
  readonly #hash = new FileHash();
  readonly #reader: RangeReader;
  /** Where redirects led to: asking there spares the hub a request for every range. */
  #directUrl: string | null = null;

  private constructor(url: string, first: HttpBody, statedHash: string | null, transfer: Transfer) {
    this.name = placeOf(url);
    this.#version = first.version;
    this.size = this.#version.size;
    const { size, etag, lastModified } = this.#version;
    // Without the query: it may hold a token, and an address that is signed anew is still the same file.
    this.fingerprint = statedHash ?? `${this.name} ${size} ${etag ?? lastModified}`;
    this.statedHash = statedHash;
    this.#url = url;
    this.#transfer = transfer;
    this.#rememberRedirect(first);
    const request = (range: ByteRange, controller: AbortController) => this.#request(range, controller);
    this.#reader = new RangeReader(this.name, first, request, transfer, statedHash === null ? null : this.#hash);
  }

  /**
   * Resolves when the server answers; null where it has no such file. A page of HTML counts as none: many hosts send one
   * for every path they do not know. Throws NetworkError.
   */
  static async open(url: string, transfer: Transfer, statedHash: string | null = null): Promise<UrlSource | null> {
    const range = { from: 0, to: FIRST_PART_BYTES };
    const body = await retrying(placeOf(url), firstSettings(transfer), () =>
      openBody({ url, range, controller: new AbortController() }, transfer),
    );
    if (!body?.isHtml) return body && new UrlSource(url, body, statedHash, transfer);
    body.cancel();
    return null;
  }

  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#reader.read(offset, length);
  }

  readAside(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#reader.readAside(offset, length);
  }

  async readAll(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.size !== null && this.size <= limit) return this.read(0, this.size);
    throw engineError('InvalidFileError', `${this.name} is too large: at most ${limit} bytes are expected.`);
  }

  expect(ranges: ByteRange[], window: number): void {
    this.#reader.expect(ranges, window);
  }

  settle(offset: number): void {
    this.#reader.settle(offset);
  }

  resumeHash(hash: RunningHash): void {
    this.#hash.resume(hash);
  }

  hashTo(offset: number): RunningHash | null {
    if (this.statedHash === null) return null;
    this.#reader.hashTo(offset);
    return this.#hash.running;
  }

  close(): void {
    this.#reader.close();
  }

  async #request(range: ByteRange, controller: AbortController): Promise<HttpBody> {
    const body =
      (await this.#requestDirectly(range, controller)) ?? (await this.#requestFrom(this.#url, range, controller));
    this.#rememberRedirect(body);
    return body;
  }

  /** Null where the address has expired: signed ones do. */
  async #requestDirectly(range: ByteRange, controller: AbortController): Promise<HttpBody | null> {
    const url = this.#directUrl;
    if (url === null) return null;
    try {
      return await this.#requestFrom(url, range, controller);
    } catch (error) {
      if (error instanceof TransientError) throw error;
      this.#directUrl = null;
      return null;
    }
  }

  async #requestFrom(url: string, range: ByteRange, controller: AbortController): Promise<HttpBody> {
    const body = await openBody({ url, range, controller }, this.#transfer);
    if (body?.isHtml) {
      body.cancel();
      throw new TransientError('it sends a page in place of the file');
    }
    if (body && this.#isSame(body.version)) return body;
    body?.cancel();
    throw engineError(
      'SourceChangedError',
      `${this.name} has changed on the server since the import began. Importing it again starts anew.`,
    );
  }

  /** What a hub states the hash of, at one commit, may have another tag on each of the servers that keep it. */
  #isSame(version: FileVersion): boolean {
    const { size } = this.#version;
    return this.statedHash === null
      ? isSameVersion(version, this.#version)
      : (version.size ?? size) === (size ?? version.size);
  }

  #rememberRedirect({ url }: HttpBody): void {
    if (url !== '' && url !== this.#url) this.#directUrl = url;
  }
}
