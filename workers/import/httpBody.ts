import { engineError } from '../errors';
import type { ByteRange } from './byteSource';
import { retryAfterSeconds, TransientError } from './retry';
import type { Transfer } from './transfer';

/** Statuses by which a server asks for patience. */
const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Host and path of a URL for messages; queries may hold secrets. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** What a server says about the file it answers with; null where it does not, or hides it from other origins. */
export interface FileVersion {
  /** Bytes of the whole file. */
  size: number | null;
  etag: string | null;
  lastModified: string | null;
}

/** False where two answers are certainly from different contents. */
export function isSameVersion(a: FileVersion, b: FileVersion): boolean {
  if (a.size !== null && b.size !== null && a.size !== b.size) return false;
  if (a.etag !== null && b.etag !== null) return a.etag === b.etag;
  return a.lastModified === null || b.lastModified === null || a.lastModified === b.lastModified;
}

/** The answer to a GET request, read forwards. Reading throws TransientError. */
export class HttpBody {
  readonly version: FileVersion;
  readonly isHtml: boolean;
  /** False where the server sends the whole file, whatever it was asked for. */
  readonly isPartial: boolean;
  /** Where the answer came from, behind any redirects. */
  readonly url: string;
  /** The byte of the file behind the last of this answer; null where that is not known. */
  readonly end: number | null;
  /** Aborting it ends the request. */
  readonly controller: AbortController;
  readonly #stallSeconds: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #position: number;
  #unread: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(response: Response, controller: AbortController, requestedOffset: number, stallSeconds: number) {
    const { headers } = response;
    this.isPartial = response.status === 206;
    this.#position = this.isPartial ? requestedOffset : 0;
    // The length of a compressed answer is not that of the file.
    const length = headers.has('content-encoding') ? null : numberIn(headers.get('content-length'));
    this.end = length === null ? null : this.#position + length;
    this.version = {
      size: numberIn(/\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]) ?? (this.isPartial ? null : length),
      // Compressing proxies make it weak; the content is the same.
      etag: headers.get('etag')?.replace(/^W\//, '') ?? null,
      lastModified: headers.get('last-modified'),
    };
    this.isHtml = headers.get('content-type')?.startsWith('text/html') ?? false;
    this.url = response.url;
    this.controller = controller;
    this.#stallSeconds = stallSeconds;
    this.#reader = (response.body ?? new Blob().stream()).getReader();
  }

  /** The byte of the file that is read next. */
  get position(): number {
    return this.#position;
  }

  /** Ends the request. */
  cancel(): void {
    this.controller.abort();
  }

  /** The next bytes, at most `limit`; none at the end. */
  async next(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#unread.length === 0) {
      const { value } = await whileAlive(this.controller, this.#stallSeconds, () => this.#reader.read());
      this.#unread = value ?? new Uint8Array(0);
    }
    const bytes = this.#unread.subarray(0, limit);
    this.#unread = this.#unread.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }

  /** Reads up to `offset` and forgets it. */
  async skipTo(offset: number): Promise<void> {
    while (this.#position < offset) {
      const skipped = await this.next(offset - this.#position);
      if (skipped.length === 0) throw new TransientError(`it ended early at byte ${this.#position}`);
    }
  }
}

export interface BodyRequest {
  url: string;
  /** The bytes that are wanted; null for the whole file, in any encoding. */
  range: ByteRange | null;
  /** Ends the request and everything that is read from it. */
  controller: AbortController;
}

/**
 * Requests a file or a range of it; null where the server has no such file. A server may answer with the whole file.
 * Throws TransientError, and NetworkError for a refusal that will stay.
 *
 * If-Range is not sent: other origins would have to be asked first whether they accept it, and most do not. Whoever
 * reads compares versions instead.
 */
export async function openBody({ url, range, controller }: BodyRequest, transfer: Transfer): Promise<HttpBody | null> {
  const token = transfer.tokens.get(new URL(url).origin);
  const headers: HeadersInit = {
    ...(range && { Range: `bytes=${range.from}-${range.to - 1}` }),
    // Browsers take it off the request when it is redirected to another origin.
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  const { stallSeconds } = transfer.settings;
  const response = await whileAlive(controller, stallSeconds, () =>
    fetch(url, {
      headers,
      signal: controller.signal,
      // Gigabytes of weights would push everything else out of the browser's cache, to be stored twice.
      cache: range ? 'no-store' : 'default',
      credentials: 'same-origin',
      referrerPolicy: 'no-referrer',
    }),
  );
  const from = range?.from ?? 0;
  if (response.ok && isFrom(response, from)) return new HttpBody(response, controller, from, stallSeconds);
  controller.abort();
  const { status } = response;
  if (status === 404 || status === 410) return null;
  if (status === 416) throw engineError('NetworkError', `${placeOf(url)} ended early, before byte ${from}.`);
  if (TRANSIENT_STATUSES.has(status)) {
    const retryAfter = retryAfterSeconds(response.headers.get('retry-after'));
    throw new TransientError(`the server answered with status ${status}`, { retryAfter });
  }
  const hint = status === 401 || status === 403 ? ': it asks for permission, such as an access token' : '';
  throw engineError('NetworkError', `${placeOf(url)}: the server answered with status ${status}${hint}.`);
}

/** A partial answer says where it starts, unless another origin hides it. */
function isFrom(response: Response, offset: number): boolean {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return response.status !== 206 || start === undefined || Number(start) === offset;
}

function numberIn(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}

async function whileAlive<T>(controller: AbortController, stallSeconds: number, work: () => Promise<T>): Promise<T> {
  let hasStalled = false;
  const timer = setTimeout(() => {
    hasStalled = true;
    controller.abort();
  }, stallSeconds * 1000);
  try {
    return await work();
  } catch (error) {
    const reason = hasStalled ? 'the server has stopped sending' : 'the connection failed';
    throw new TransientError(reason, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
