import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request for a file, as the server that keeps the files saw it. */
export interface FileRequest {
  name: string;
  /** The first byte that was asked for, and the first that was not; null without a Range header. */
  range: { from: number; to: number } | null;
  /** Bytes that were sent. */
  sent: number;
  authorization: string | undefined;
}

/** What a server does instead of answering as it should. */
export type Fault =
  | { kind: 'status'; status: number; retryAfter?: string }
  /** Sends so many bytes, then ends the connection. */
  | { kind: 'cut'; bytes: number }
  /** Sends so many bytes, then nothing any more. */
  | { kind: 'stall'; bytes: number }
  /** Answers 200 with the whole file. */
  | { kind: 'whole' }
  /** Has another file by now. */
  | { kind: 'changed' };

export interface HubOptions {
  files: ReadonlyMap<string, Uint8Array>;
  repo?: string;
  commit?: string;
  /** Files are kept by a server of another origin, to which this one redirects. */
  redirects?: boolean;
  /** Bytes per millisecond and connection; unlimited by default. */
  pace?: number;
  /** Decides about the next request for a file. */
  fault?: (request: FileRequest) => Fault | null;
  /** Files are given to those only who send it. */
  token?: string;
  /** False for a mirror of files without an API. */
  hasApi?: boolean;
  /** Milliseconds after which the API answers; at once by default. */
  apiDelay?: number;
  /** What the API says instead of the SHA-256 of a file. */
  statedHash?: (name: string) => string;
}

export interface HubServer {
  url: string;
  /** Where it answers, and where it keeps its files. */
  origins: string[];
  options: HubOptions;
  /** Requests for files, in the order in which they came. */
  requests: FileRequest[];
  /** Requests to the API. */
  apiRequests: { path: string; authorization: string | undefined }[];
  close(): Promise<void>;
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const PIECE_BYTES = 4096;

/** A server in the shape of Hugging Face and of ModelScope: API, CORS, ranges, tags, redirects; and all that goes wrong. */
export async function startHub(options: HubOptions): Promise<HubServer> {
  const requests: FileRequest[] = [];
  const apiRequests: HubServer['apiRequests'] = [];
  const serveFile = (request: IncomingMessage, response: ServerResponse) => answer(hub, request, response);
  const store = options.redirects ? await listen(withCors(serveFile)) : null;
  const front = await listen(
    withCors((request, response) => {
      const { pathname } = new URL(request.url!, 'http://x');
      if (pathname.startsWith('/api/')) {
        apiRequests.push({ path: request.url!, authorization: request.headers.authorization });
        return void setTimeout(() => describe(hub.options, request, response), hub.options.apiDelay);
      }
      const { token } = hub.options;
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
        return response.writeHead(401).end();
      }
      if (!store) return serveFile(request, response);
      return response.writeHead(302, { location: new URL(request.url!, urlOf(store)).href }).end();
    }),
  );
  const servers = [front, ...(store ? [store] : [])];
  const hub: HubServer = {
    url: urlOf(front),
    origins: servers.map((server) => new URL(urlOf(server)).origin),
    options,
    requests,
    apiRequests,
    close: async () => {
      await Promise.all(servers.map(close));
    },
  };
  return hub;
}

/** Of the bytes behind `from`, how many were sent more often than once. */
export function bytesSentTwice(requests: FileRequest[], name: string, from = 0): number {
  const edges = requests
    .filter((request) => request.name === name)
    .map(({ range, sent }) => ({ start: range?.from ?? 0, end: (range?.from ?? 0) + sent }))
    .filter(({ start }) => start >= from)
    .sort((a, b) => a.start - b.start);
  let twice = 0;
  let covered = from;
  for (const { start, end } of edges) {
    twice += Math.max(0, Math.min(covered, end) - start);
    covered = Math.max(covered, end);
  }
  return twice;
}

async function listen(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function withCors(serve: (request: IncomingMessage, response: ServerResponse) => unknown) {
  return (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'authorization');
    response.setHeader('access-control-expose-headers', 'etag, content-range, retry-after');
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else serve(request, response);
  };
}

function describe(
  { hasApi, files, commit = COMMIT, statedHash }: HubOptions,
  request: IncomingMessage,
  response: ServerResponse,
) {
  if (hasApi === false) return response.writeHead(404).end();
  const hashOf = statedHash ?? ((name: string) => createHash('sha256').update(files.get(name)!).digest('hex'));
  const names = [...files.keys()];
  const [asked] = /[0-9a-f]{40}/.exec(request.url!) ?? [];
  const body = request.url!.startsWith('/api/v1/')
    ? {
        Code: 200,
        Data: {
          Files: names.map((name) => ({
            Path: name,
            Type: 'blob',
            Size: files.get(name)!.length,
            Sha256: hashOf(name),
          })),
          LatestCommitter: { Id: asked ?? commit },
        },
      }
    : {
        sha: asked ?? commit,
        siblings: names.map((name) => ({
          rfilename: name,
          size: files.get(name)!.length,
          ...(name.endsWith('.json') ? {} : { lfs: { sha256: hashOf(name) } }),
        })),
      };
  return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function answer({ options, requests }: HubServer, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url!, 'http://x');
  const name = decodeURIComponent(pathname.split('/').at(-1)!);
  const content = options.files.get(name);
  if (!content) return void response.writeHead(404).end();
  const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
  const range = from === undefined ? null : { from: Number(from), to: to ? Number(to) + 1 : content.length };
  const logged: FileRequest = { name, range, sent: 0, authorization: request.headers.authorization };
  requests.push(logged);
  const fault = options.fault?.(logged) ?? null;
  if (fault?.kind === 'status') {
    return void response.writeHead(fault.status, fault.retryAfter ? { 'retry-after': fault.retryAfter } : {}).end();
  }
  if (range && range.from >= content.length) return void response.writeHead(416).end();
  const isWhole = !range || fault?.kind === 'whole';
  if (isWhole) logged.range = null;
  const start = isWhole ? 0 : range.from;
  const end = isWhole ? content.length : Math.min(range.to, content.length);
  response.writeHead(isWhole ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    etag: fault?.kind === 'changed' ? '"other"' : `"${createHash('md5').update(content).digest('hex')}"`,
    ...(!isWhole && { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
  });
  void send(response, content.subarray(start, end), logged, options.pace ?? Infinity, fault);
}

async function send(
  response: ServerResponse,
  bytes: Uint8Array,
  logged: FileRequest,
  pace: number,
  fault: Fault | null,
): Promise<void> {
  const limit = fault?.kind === 'cut' || fault?.kind === 'stall' ? Math.min(fault.bytes, bytes.length) : bytes.length;
  const started = performance.now();
  while (logged.sent < limit) {
    if (response.destroyed) return;
    const piece = bytes.subarray(logged.sent, Math.min(limit, logged.sent + PIECE_BYTES));
    logged.sent += piece.length;
    await new Promise((resolve) => response.write(piece, resolve));
    const early = logged.sent / pace - (performance.now() - started);
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
  }
  if (fault?.kind === 'cut') response.socket?.destroySoon();
  else if (fault?.kind !== 'stall') response.end();
}
