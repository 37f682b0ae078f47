import 'fake-indexeddb/auto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { ModelSource } from '../protocol';
import { importModel } from '../testing/importing';
import { Random } from '../testing/random';
import { safetensorsFile } from '../testing/safetensorsFile';
import { huggingFaceTensors, testFile, tinyFolder, tinyGguf } from '../testing/tinyCheckpoint';
import { UrlSource } from './urlSource';

const CONTENT = new Random(7).bytes(300_000);
/** Comparing by element would take seconds. */
const sameBytes = (got: Uint8Array, want: Uint8Array) => Buffer.compare(got, want) === 0;
const NO_WAIT = [0, 0, 0];

let server: Server | null = null;

/** A server that keeps a log of the Range headers it was sent. */
async function serve(respond: RequestListener): Promise<{ url: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    respond(request, response);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/model.bin?token=secret`, ranges };
}

const startOf = (request: IncomingMessage) => Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);

function sendFrom(content: Uint8Array, request: IncomingMessage, response: ServerResponse, etag = '"v1"') {
  const start = startOf(request);
  if (start >= content.length) return response.writeHead(416).end();
  const headers = { 'content-length': content.length - start, etag };
  if (start === 0) response.writeHead(200, headers);
  else
    response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
  return response.end(content.subarray(start));
}

async function open(url: string): Promise<UrlSource> {
  return (await UrlSource.open(url, NO_WAIT))!;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  server = null;
});

describe('reading', () => {
  test('forwards takes one request, backwards another', async () => {
    const { url, ranges } = await serve((request, response) => sendFrom(CONTENT, request, response));
    const source = await open(url);
    expect(source.size).toBe(CONTENT.length);
    expect(sameBytes(await source.read(8, 1000), CONTENT.slice(8, 1008))).toBe(true);
    expect(sameBytes(await source.read(100_000, 150_000), CONTENT.slice(100_000, 250_000))).toBe(true);
    expect(ranges).toEqual([undefined]);
    expect(sameBytes(await source.read(50, 10), CONTENT.slice(50, 60))).toBe(true);
    expect(ranges).toEqual([undefined, 'bytes=50-']);
    source.close();
    expect(source.fingerprint).not.toContain('secret');
    expect(sameBytes(await source.read(CONTENT.length - 5, 5), CONTENT.slice(-5))).toBe(true);
  });

  test('goes on at the byte where the connection broke', async () => {
    const { url, ranges } = await serve((request, response) => {
      if (startOf(request) >= 150_000) return sendFrom(CONTENT, request, response);
      response.writeHead(200, { 'content-length': CONTENT.length, etag: '"v1"' });
      return response.write(CONTENT.subarray(0, 150_000), () => setTimeout(() => response.destroy(), 20));
    });
    expect(sameBytes(await (await open(url)).read(0, CONTENT.length), CONTENT)).toBe(true);
    expect(ranges).toEqual([undefined, 'bytes=150000-']);
  });

  test('skips to its place where a server ignores ranges', async () => {
    const { url, ranges } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT);
    });
    const source = await open(url);
    await source.read(0, 200_000);
    expect(sameBytes(await source.read(1000, 500), CONTENT.slice(1000, 1500))).toBe(true);
    expect(ranges).toEqual([undefined, 'bytes=1000-']);
  });

  test('a whole file needs no stated length, and has a limit', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200).write(CONTENT.subarray(0, 1000), () => response.end(CONTENT.subarray(1000)));
    });
    const source = await open(url);
    expect(source.size).toBeNull();
    expect(sameBytes(await source.readAll(CONTENT.length), CONTENT)).toBe(true);
    await expect(source.readAll(CONTENT.length - 1)).rejects.toMatchObject({ name: 'InvalidFileError' });
  });
});

describe('a server', () => {
  test('that fails for good is named with its status, without the query', async () => {
    const { url, ranges } = await serve((_request, response) => void response.writeHead(503).end());
    const place = url.slice('http://'.length).replace(/\?.*/, '');
    await expect(UrlSource.open(url, NO_WAIT)).rejects.toMatchObject({
      name: 'NetworkError',
      message: `${place}: the server answered with status 503.`,
    });
    expect(ranges).toHaveLength(3);
  });

  test('that refuses is not asked again', async () => {
    const { url, ranges } = await serve((_request, response) => void response.writeHead(403).end());
    await expect(UrlSource.open(url, NO_WAIT)).rejects.toMatchObject({
      name: 'NetworkError',
      message: expect.stringContaining('403'),
    });
    expect(ranges).toHaveLength(1);
  });

  test.each([
    ['404', (response: ServerResponse) => response.writeHead(404)],
    ['a page instead', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' })],
  ])('without the file says so: %s', async (_name, answer) => {
    const { url } = await serve((_request, response) => void answer(response).end());
    expect(await UrlSource.open(url, NO_WAIT)).toBeNull();
  });

  test('that cannot be reached is a NetworkError', async () => {
    const { url } = await serve(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    server = null;
    await expect(UrlSource.open(url, NO_WAIT)).rejects.toMatchObject({ name: 'NetworkError' });
  });

  test('whose file ends early is named with the byte', async () => {
    const { url } = await serve((request, response) => {
      if (startOf(request) > 0) return void response.writeHead(416).end();
      response.writeHead(200).end(CONTENT.subarray(0, 500));
    });
    await expect((await open(url)).read(0, 1000)).rejects.toMatchObject({
      name: 'NetworkError',
      message: expect.stringMatching(/ended early, before byte 500\.$/),
    });
  });

  test('whose file changes meanwhile is noticed', async () => {
    let version = 0;
    const { url } = await serve((request, response) => sendFrom(CONTENT, request, response, `"v${version++}"`));
    const source = await open(url);
    await source.read(1000, 10);
    await expect(source.read(0, 10)).rejects.toMatchObject({
      name: 'NetworkError',
      message: expect.stringContaining('changed on the server'),
    });
  });
});

describe('a model', () => {
  const files = new Map([...tinyFolder(), tinyGguf()].map((file) => [file.name, file]));

  async function serveModel(): Promise<string> {
    const { url } = await serve(async (request, response) => {
      const file = files.get(request.url!.split('/').at(-1)!);
      if (file) sendFrom(new Uint8Array(await file.arrayBuffer()), request, response);
      else response.writeHead(404).end();
    });
    return new URL('/', url).href;
  }

  const sources: [string, (base: string) => ModelSource, string][] = [
    ['a folder', (base) => ({ kind: 'url', urls: [`${base}some/Tiny-Model/`] }), 'tiny-model'],
    ['a folder without a slash', (base) => ({ kind: 'url', urls: [`${base}some/Tiny-Model`] }), 'tiny-model'],
    ['its config.json', (base) => ({ kind: 'url', urls: [`${base}Tiny-Model/config.json`] }), 'tiny-model'],
    ['its weights', (base) => ({ kind: 'url', urls: [`${base}Tiny-Model/model.safetensors`] }), 'tiny-model'],
    ['a GGUF file', (base) => ({ kind: 'url', urls: [`${base}tiny.gguf`] }), 'tiny'],
    ['two files', (base) => ({ kind: 'url', urls: [`${base}m/config.json`, `${base}m/model.safetensors`] }), 'm'],
    ['a hub', (base) => ({ kind: 'hub', repo: 'openbmb/Tiny', hub: base }), 'tiny'],
    ['a hub, by file', (base) => ({ kind: 'hub', repo: 'openbmb/Tiny-GGUF', files: ['tiny.gguf'], hub: base }), 'tiny'],
  ];

  test.each(sources)('is imported from the URL of %s', async (_name, source, id) => {
    const manifest = await importModel(source(await serveModel()));
    expect(manifest.id).toBe(id);
    expect(manifest.tensors).toHaveLength(20);
    expect(manifest.info.source.kind).toBe(source('http://x/').kind);
  });

  test('is asked for with the query of its folder', async () => {
    const asked: string[] = [];
    const { url } = await serve(async (request, response) => {
      asked.push(request.url!);
      const { pathname, search } = new URL(request.url!, 'http://x');
      const file = search === '?token=a/b' && files.get(pathname.split('/').at(-1)!);
      if (file) sendFrom(new Uint8Array(await file.arrayBuffer()), request, response);
      else response.writeHead(404).end();
    });
    for (const folder of ['/some/Model', '/some/Model/', '/some/Model/config.json']) {
      const { info } = await importModel({ kind: 'url', urls: [new URL(`${folder}?token=a/b`, url).href] });
      expect(info.source.location).toBe(new URL(folder, url).href);
    }
    expect(asked.every((path) => path.startsWith('/some/Model/'))).toBe(true);
  });

  test('in shards is opened shard by shard', async () => {
    const shards = huggingFaceTensors().map((tensor, i) =>
      testFile(`model-${i}.safetensors`, safetensorsFile([tensor])),
    );
    const weightMap = Object.fromEntries(huggingFaceTensors().map(({ name }, i) => [name, shards[i]!.name]));
    const index = new TextEncoder().encode(JSON.stringify({ weight_map: weightMap }));
    const all = [...tinyFolder().slice(0, -1), testFile('model.safetensors.index.json', index), ...shards];
    const sharded = new Map(all.map((file) => [file.name, file]));
    let open = 0;
    let most = 0;
    const { url } = await serve(async (request, response) => {
      const file = sharded.get(request.url!.split('/').at(-1)!);
      if (!file) return void response.writeHead(404).end();
      most = Math.max(most, ++open);
      response.on('close', () => open--);
      const bytes = new Uint8Array(await file.arrayBuffer());
      // The end is kept back for a while, as the size of real shards would do.
      if (request.headers.range) return void sendFrom(bytes, request, response);
      response.writeHead(200, { 'content-length': bytes.length, etag: '"v1"' }).write(bytes.subarray(0, -1));
      setTimeout(() => response.end(bytes.subarray(-1)), 20);
    });
    const manifest = await importModel({ kind: 'url', urls: [new URL('/m/', url).href] });
    expect(manifest.tensors).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('that comes with the app is asked for by its own files only', async () => {
    const asked: string[] = [];
    const { url } = await serve(async (request, response) => {
      asked.push(request.url!);
      const name = request.url!.split('/').at(-1)!;
      const file = name === 'README.md' ? new File(['---\nlicense: apache-2.0\n---\n'], name) : files.get(name)!;
      sendFrom(new Uint8Array(await file.arrayBuffer()), request, response);
    });
    const appUrl = new URL('/base/', url).href;
    const manifest = await importModel({ kind: 'bundled', name: 'nano' }, { appUrl });
    expect(manifest.info).toMatchObject({ id: 'nano', name: 'nano', source: { kind: 'bundled', location: 'nano' } });
    expect(manifest.info.licence).toBe('apache-2.0');
    const names = ['config', 'generation_config', 'tokenizer', 'tokenizer_config'].map((name) => `${name}.json`);
    expect(asked.toSorted()).toEqual(
      [...names, 'model.safetensors', 'README.md'].map((name) => `/base/models/nano/${name}`).toSorted(),
    );
  });

  test.each(['config.json', 'nothing.gguf'])('that is not there is a NetworkError: %s', async (name) => {
    const { url } = await serve((_request, response) => void response.writeHead(404).end());
    const urls = [new URL(`/m/${name}`, url).href];
    await expect(importModel({ kind: 'url', urls })).rejects.toMatchObject({
      name: 'NetworkError',
      message: `There is no ${name} at ${urls[0]}: the server does not know it.`,
    });
  });

  test.each([
    [{ kind: 'url', urls: [] }, /No file/],
    [{ kind: 'url', urls: ['ftp://x/config.json'] }, /not a web address/],
    [{ kind: 'url', urls: ['nonsense'] }, /not a web address/],
    [{ kind: 'url', urls: ['https:'] }, /not a web address/],
    [{ kind: 'hub', repo: '../secret' }, /not the name of a repository/],
    [{ kind: 'files', files: [] }, /No file/],
  ] as [ModelSource, RegExp][])('is not looked for at %j', async (source, message) => {
    await expect(importModel(source)).rejects.toMatchObject({
      name: 'InvalidFileError',
      message: expect.stringMatching(message),
    });
  });
});
