import { engineError } from '../errors';

/** A server that sends nothing for so long has gone. */
const STALL_MILLISECONDS = 60_000;

/** Statuses by which a server asks for patience. */
const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failure that may pass: worth another attempt. */
export class TransientError extends Error {}

/** Host and path of a URL for messages; queries may hold secrets. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** The answer to a GET request, read forwards. Reading throws TransientError. */
export class HttpBody {
  /** Of the whole file; null where the server does not tell. */
  readonly totalSize: number | null;
  readonly etag: string | null;
  readonly isHtml: boolean;
  readonly #controller: AbortController;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #position: number;
  #unread: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(response: Response, controller: AbortController, requestedOffset: number) {
    const isPartial = response.status === 206;
    const start = isPartial ? requestedOffset : 0;
    this.totalSize = totalSize(response.headers, start);
    this.etag = response.headers.get('etag');
    this.isHtml = response.headers.get('content-type')?.startsWith('text/html') ?? false;
    this.#controller = controller;
    this.#reader = (response.body ?? new Blob().stream()).getReader();
    this.#position = start;
  }

  /** The byte of the file that is read next. */
  get position(): number {
    return this.#position;
  }

  get isCancelled(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Ends the request. */
  cancel(): void {
    this.#controller.abort();
  }

  /** The next bytes, at most `limit`; none at the end. */
  async next(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#unread.length === 0) {
      const { value } = await whileAlive(this.#controller, () => this.#reader.read());
      this.#unread = value ?? new Uint8Array(0);
    }
    const bytes = this.#unread.subarray(0, limit);
    this.#unread = this.#unread.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }

  /** Reads up to `offset` and forgets it; false where the file ends before. */
  async skipTo(offset: number): Promise<boolean> {
    while (this.#position < offset) {
      const skipped = await this.next(offset - this.#position);
      if (skipped.length === 0) return false;
    }
    return true;
  }
}

/**
 * Requests a file from `offset` on; null where the server has no such file. A server may answer with the whole file.
 * Throws TransientError, and NetworkError for a refusal that will stay.
 */
export async function openBody(url: string, offset: number): Promise<HttpBody | null> {
  const controller = new AbortController();
  const headers: HeadersInit = offset > 0 ? { Range: `bytes=${offset}-` } : {};
  const response = await whileAlive(controller, () => fetch(url, { headers, signal: controller.signal }));
  if (response.ok && isFrom(response, offset)) return new HttpBody(response, controller, offset);
  controller.abort();
  const { status } = response;
  if (status === 404 || status === 410) return null;
  if (status === 416) throw engineError('NetworkError', `${placeOf(url)} ended early, before byte ${offset}.`);
  if (TRANSIENT_STATUSES.has(status)) throw new TransientError(`the server answered with status ${status}`);
  throw engineError('NetworkError', `${placeOf(url)}: the server answered with status ${status}.`);
}

/** A partial answer says where it starts, unless another origin hides it. */
function isFrom(response: Response, offset: number): boolean {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  return response.status !== 206 || start === undefined || Number(start) === offset;
}

function totalSize(headers: Headers, start: number): number | null {
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  if (total !== undefined) return Number(total);
  const length = headers.get('content-length');
  // The length of a compressed answer is not that of the file.
  return length === null || headers.has('content-encoding') ? null : start + Number(length);
}

async function whileAlive<T>(controller: AbortController, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => controller.abort(), STALL_MILLISECONDS);
  try {
    return await work();
  } catch (error) {
    const reason = controller.signal.aborted ? 'the server has stopped sending' : 'the connection failed';
    throw new TransientError(reason, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
