import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VirtualFile } from './virtualFile';

const PIECE_BYTES = 1 << 20;

export interface FileServer {
  url: string;
  close(): Promise<void>;
}

/** Serves files of any size to pages of any origin, by ranges. */
export async function serveFiles(files: ReadonlyMap<string, VirtualFile>): Promise<FileServer> {
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'etag, content-range');
    const name = new URL(request.url!, 'http://x').pathname.slice(1);
    const file = files.get(name);
    if (!file) return void response.writeHead(404).end();
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    const from = Number(first ?? 0);
    const to = Math.min(Number(last ?? file.size) + 1, file.size);
    response.writeHead(first === undefined ? 200 : 206, {
      'content-type': 'application/octet-stream',
      'content-length': to - from,
      etag: `"${name} ${file.size}"`,
      ...(first !== undefined && { 'content-range': `bytes ${from}-${to - 1}/${file.size}` }),
    });
    void send(response, file, from, to);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function send(response: ServerResponse, file: VirtualFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to && !response.destroyed; at += PIECE_BYTES) {
    const piece = file.read(at, Math.min(to, at + PIECE_BYTES));
    // One who has hung up gets no more.
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
  }
  response.end();
}
