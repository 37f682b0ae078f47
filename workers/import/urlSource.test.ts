import 'fake-indexeddb/auto';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { TransferOptions } from '../protocol/importing';
import type { ModelSource } from '../protocol/source';
import type { Fault, HubOptions, HubServer } from '../testing/hubServer';
import { bytesSentTwice, startHub } from '../testing/hubServer';
import { importModel } from '../testing/importing';
import { Random } from '../testing/random';
import { safetensorsFile } from '../testing/safetensorsFile';
import { huggingFaceTensors, testFile, tinyFolder, tinyGguf } from '../testing/tinyCheckpoint';
import { createTransfer } from './transfer';
import { UrlDocument } from './urlDocument';
import { UrlSource } from './urlSource';

const CONTENT = new Random(7).bytes(600_000);
const FIRST = 65_536;
/** Comparing by element would take seconds. */
const sameBytes = (got: Uint8Array, want: Uint8Array) => Buffer.compare(got, want) === 0;
const HASTY: TransferOptions = { retrySeconds: 0, attempts: 4, stallSeconds: 5 };

let hub: HubServer | null = null;
let server: Server | null = null;

/** A hub that keeps `model.bin`. */
async function serve(options: Partial<HubOptions> = {}): Promise<HubServer> {
  hub = await startHub({ files: new Map([['model.bin', CONTENT]]), ...options });
  return hub;
}

async function open({ url }: HubServer, options: TransferOptions = {}): Promise<UrlSource> {
  const source = await UrlSource.open(`${url}some/model.bin?token=secret`, createTransfer({ ...HASTY, ...options }));
  return source!;
}

/** A server of its own kind. */
async function serveBy(respond: RequestListener): Promise<string> {
  server = createServer(respond);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const rangesOf = ({ requests }: HubServer) => requests.map(({ range }) => range && `${range.from}-${range.to}`);

/** Reads everything behind the first request in pieces, settling each, as an import does. */
async function readAhead(source: UrlSource, window: number, piece = 20_000): Promise<boolean> {
  source.expect([{ from: FIRST, to: CONTENT.length }], window);
  let isSame = true;
  for (let offset = FIRST; offset < CONTENT.length; offset += piece) {
    const length = Math.min(piece, CONTENT.length - offset);
    const bytes = await source.read(offset, length);
    isSame &&= sameBytes(bytes, CONTENT.slice(offset, offset + length));
    source.settle(offset + length);
  }
  return isSame;
}

/** The same fault once for each of these requests, counted from 0. */
function faultAt(faults: Record<number, Fault>) {
  let count = 0;
  return () => faults[count++] ?? null;
}

afterEach(async () => {
  await hub?.close();
  hub = null;
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  server = null;
});

describe('bytes that nobody announced', () => {
  test('are asked for more and more at a time, forwards, and anew elsewhere', async () => {
    const served = await serve();
    const source = await open(served);
    expect(source.size).toBe(CONTENT.length);
    expect(source.fingerprint).not.toContain('secret');
    expect(sameBytes(await source.read(8, 1000), CONTENT.slice(8, 1008))).toBe(true);
    expect(rangesOf(served)).toEqual(['0-65536']);
    expect(sameBytes(await source.read(60_000, 100_000), CONTENT.slice(60_000, 160_000))).toBe(true);
    expect(rangesOf(served)).toEqual(['0-65536', '65536-196608']);
    expect(sameBytes(await source.read(CONTENT.length - 22, 22), CONTENT.slice(-22))).toBe(true);
    expect(rangesOf(served).at(-1)).toBe('599978-600000');
  });

  test('can be read again after the source was closed', async () => {
    const source = await open(await serve());
    await source.read(100_000, 10);
    source.close();
    expect(sameBytes(await source.read(50, 100_000), CONTENT.slice(50, 100_050))).toBe(true);
  });
});

describe('bytes that were announced', () => {
  test('come in order, once, and nothing else', async () => {
    const served = await serve();
    const source = await open(served);
    await source.read(0, FIRST);
    const ranges = [
      { from: 10_000, to: 100_000 },
      // Small gaps are read on through, large ones are not.
      { from: 100_100, to: 200_000 },
      { from: 590_000, to: 600_000 },
    ];
    source.expect(ranges, 120_000);
    for (const { from, to } of ranges) {
      expect(sameBytes(await source.read(from, to - from), CONTENT.slice(from, to))).toBe(true);
      source.settle(to);
    }
    expect(bytesSentTwice(served.requests, 'model.bin')).toBe(0);
    expect(served.requests.reduce((sum, { sent }) => sum + sent, 0)).toBe(200_000 + 10_000);
  });

  test('are never further ahead of what is settled than the window', async () => {
    const served = await serve();
    const source = await open(served, { connections: 6 });
    source.expect([{ from: 0, to: CONTENT.length }], 160_000);
    await source.read(0, 100_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Math.max(...served.requests.map(({ range }) => range!.to))).toBeLessThanOrEqual(160_000);
    source.settle(100_000);
    await source.read(100_000, 160_000);
    expect(Math.max(...served.requests.map(({ range }) => range!.to))).toBeLessThanOrEqual(260_000);
  });

  test('are asked for several at once', async () => {
    let most = 0;
    const isUnderWay = ({ range, sent }: { range: { from: number; to: number } | null; sent: number }) =>
      range !== null && sent < range.to - range.from;
    const served = await serve({
      pace: 500,
      fault: () => {
        most = Math.max(most, served.requests.filter(isUnderWay).length);
        return null;
      },
    });
    expect(await readAhead(await open(served), 240_000)).toBe(true);
    expect(most).toBeGreaterThan(1);
    expect(bytesSentTwice(served.requests, 'model.bin')).toBe(0);
  });

  test('are hashed, over a pause too', async () => {
    const transfer = createTransfer(HASTY);
    const { url } = await serve();
    const source = (await UrlSource.open(`${url}model.bin`, transfer, 'stated'))!;
    await source.read(0, 1000);
    source.expect([{ from: 1000, to: 300_000 }], 300_000);
    await source.read(1000, 299_000);
    const paused = structuredClone(source.hashTo(200_000)!);
    expect(paused.length).toBe(200_000);
    const again = (await UrlSource.open(`${url}model.bin`, transfer, 'stated'))!;
    again.resumeHash(paused);
    again.expect([{ from: 200_000, to: CONTENT.length }], 400_000);
    await again.read(200_000, 400_000);
    again.settle(400_000);
    const { length, words } = again.hashTo(CONTENT.length)!;
    expect(length).toBe(CONTENT.length);
    const hash = words.map((word) => (word >>> 0).toString(16).padStart(8, '0'));
    // The last block is not full, so only its beginning is in the words: compare with a run over everything.
    const whole = (await UrlSource.open(`${url}model.bin`, transfer, 'stated'))!;
    whole.expect([{ from: 0, to: CONTENT.length }], CONTENT.length);
    await whole.read(0, CONTENT.length);
    expect(whole.hashTo(CONTENT.length)!.words.map((word) => (word >>> 0).toString(16).padStart(8, '0'))).toEqual(hash);
  });
});

describe('a transfer goes on', () => {
  test('at the byte where the connection was cut, twenty times', async () => {
    const random = new Random(20);
    let cuts = 0;
    const served = await serve({
      fault: ({ range }) => {
        if (range!.from < FIRST || cuts === 20) return null;
        cuts++;
        return { kind: 'cut', bytes: random.below(range!.to - range!.from) };
      },
    });
    expect(await readAhead(await open(served, { attempts: 21 }), 200_000)).toBe(true);
    expect(cuts).toBe(20);
    expect(bytesSentTwice(served.requests, 'model.bin')).toBe(0);
  });

  test('after the server was silent for too long', async () => {
    const served = await serve({
      fault: faultAt({ 1: { kind: 'stall', bytes: 5000 }, 2: { kind: 'stall', bytes: 0 } }),
    });
    expect(await readAhead(await open(served, { stallSeconds: 0.5 }), 200_000)).toBe(true);
    expect(bytesSentTwice(served.requests, 'model.bin')).toBe(0);
  });

  test.each([429, 503])('when the server has had its time: %i with Retry-After', async (status) => {
    const times: number[] = [];
    const faults = faultAt({ 1: { kind: 'status', status, retryAfter: '1' } });
    const served = await serve({
      fault: () => {
        times.push(performance.now());
        return faults();
      },
    });
    const source = await open(served, { connections: 1 });
    expect(await readAhead(source, 200_000)).toBe(true);
    expect(times[2]! - times[1]!).toBeGreaterThan(990);
  });

  test('where a server sends the whole file once in place of a part', async () => {
    const served = await serve({ fault: faultAt({ 2: { kind: 'whole' } }) });
    expect(await readAhead(await open(served), 200_000)).toBe(true);
  });

  test('as one stream where a server always sends the whole file', async () => {
    const served = await serve({ fault: () => ({ kind: 'whole' }) });
    const source = await open(served);
    expect(await readAhead(source, 200_000)).toBe(true);
    expect(served.requests).toHaveLength(1);
    // Backwards takes another one.
    expect(sameBytes(await source.read(100_000, 10), CONTENT.slice(100_000, 100_010))).toBe(true);
    expect(served.requests).toHaveLength(2);
  });

  test('as one stream where a server stops knowing ranges, and where that stream breaks', async () => {
    let count = 0;
    const served = await serve({
      fault: () => (++count === 1 ? null : count === 5 ? { kind: 'cut', bytes: 300_000 } : { kind: 'whole' }),
    });
    expect(await readAhead(await open(served, { connections: 3 }), 200_000)).toBe(true);
  });

  test('behind a redirect to another origin, which is remembered and never gets the token', async () => {
    const served = await serve({ redirects: true });
    const { origin } = new URL(served.url);
    const transfer = createTransfer(HASTY, new Map([[origin, 'hf_secret']]));
    const source = (await UrlSource.open(`${served.url}model.bin`, transfer))!;
    expect(await readAhead(source, 200_000)).toBe(true);
    expect(served.requests.length).toBeGreaterThan(3);
    expect(served.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('from the first address where the remembered one has expired', async () => {
    const served = await serve({ redirects: true, fault: faultAt({ 1: { kind: 'status', status: 403 } }) });
    expect(await readAhead(await open(served), 200_000)).toBe(true);
  });
});

describe('a server', () => {
  test('that fails for good is named with its status, without the query', async () => {
    const served = await serve({ fault: () => ({ kind: 'status', status: 503 }) });
    await expect(open(served)).rejects.toMatchObject({
      name: 'NetworkError',
      message: `${new URL(served.url).host}/some/model.bin: the server answered with status 503.`,
    });
    expect(served.requests).toHaveLength(3);
  });

  test.each([
    [401, /status 401: it asks for permission/],
    [403, /status 403: it asks for permission/],
    [400, /status 400\.$/],
  ])('that refuses with %i is not asked again', async (status, message) => {
    const served = await serve({ fault: () => ({ kind: 'status', status }) });
    await expect(open(served)).rejects.toMatchObject({ name: 'NetworkError', message: expect.stringMatching(message) });
    expect(served.requests).toHaveLength(1);
  });

  test('that asks for more patience than anyone has is given up', async () => {
    const served = await serve({ fault: () => ({ kind: 'status', status: 429, retryAfter: '100000' }) });
    await expect(open(served)).rejects.toMatchObject({ name: 'NetworkError' });
    expect(served.requests).toHaveLength(1);
  });

  test.each([
    ['404', (response: ServerResponse) => response.writeHead(404)],
    ['a page instead', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' })],
  ])('without the file says so: %s', async (_name, answer) => {
    const url = await serveBy((_request, response) => void answer(response).end());
    expect(await UrlSource.open(url, createTransfer(HASTY))).toBeNull();
    expect(await UrlDocument.open(url, createTransfer(HASTY))).toBeNull();
  });

  test('that cannot be reached is a NetworkError', async () => {
    const url = await serveBy(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    server = null;
    await expect(UrlSource.open(url, createTransfer(HASTY))).rejects.toMatchObject({ name: 'NetworkError' });
  });

  test('whose file ends early is named with the byte', async () => {
    const served = await serve({ files: new Map([['model.bin', CONTENT.subarray(0, 500)]]) });
    await expect((await open(served)).read(0, 1000)).rejects.toMatchObject({
      name: 'NetworkError',
      message: expect.stringMatching(/ended early, before byte 500\.$/),
    });
  });

  test('whose file changes meanwhile is noticed, before one byte of the two is mixed', async () => {
    const source = await open(await serve({ fault: faultAt({ 2: { kind: 'changed' } }) }));
    await expect(readAhead(source, 200_000)).rejects.toMatchObject({
      name: 'SourceChangedError',
      message: expect.stringContaining('changed on the server'),
    });
  });

  test('that tells no tag tells the change by date or size', async () => {
    let date = 'Mon, 01 Jan 2024 00:00:00 GMT';
    const url = await serveBy((request, response) => {
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!;
      const bytes = CONTENT.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { 'last-modified': date, 'content-length': bytes.length }).end(bytes);
    });
    const source = (await UrlSource.open(`${url}model.bin`, createTransfer(HASTY)))!;
    expect(source.size).toBeNull();
    expect(sameBytes(await source.read(70_000, 10), CONTENT.slice(70_000, 70_010))).toBe(true);
    date = 'Tue, 02 Jan 2024 00:00:00 GMT';
    await expect(source.read(10, 10)).rejects.toMatchObject({ name: 'SourceChangedError' });
  });
});

describe('a document', () => {
  test('needs no stated length, and has a limit', async () => {
    const url = await serveBy((_request, response) => {
      response.writeHead(200).write(CONTENT.subarray(0, 1000), () => response.end(CONTENT.subarray(1000)));
    });
    const document = (await UrlDocument.open(url, createTransfer(HASTY)))!;
    expect(document.size).toBeNull();
    expect(sameBytes(await document.readAll(CONTENT.length), CONTENT)).toBe(true);
    await expect(document.readAll(CONTENT.length - 1)).rejects.toMatchObject({ name: 'InvalidFileError' });
    expect(sameBytes(await document.read(10, 20), CONTENT.slice(10, 30))).toBe(true);
  });

  test('that is cut off is read again, and has the hash that is stated', async () => {
    const files = new Map([['a.json', CONTENT]]);
    const served = await serve({ files, fault: faultAt({ 0: { kind: 'cut', bytes: 1000 } }) });
    const document = (await UrlDocument.open(`${served.url}a.json`, createTransfer(HASTY), 'other'))!;
    await expect(document.readAll(CONTENT.length)).rejects.toMatchObject({
      name: 'NetworkError',
      message: expect.stringContaining('SHA-256'),
    });
    expect(served.requests).toHaveLength(2);
  });
});

describe('a model', () => {
  const files = new Map([...tinyFolder(), tinyGguf()].map((file) => [file.name, file]));

  async function serveModel(all: ReadonlyMap<string, File> = files): Promise<HubServer> {
    const contents = Array.from(all, async ([name, file]) => [name, new Uint8Array(await file.arrayBuffer())] as const);
    return serve({ files: new Map(await Promise.all(contents)), hasApi: false });
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
    const manifest = await importModel(source((await serveModel()).url));
    expect(manifest.id).toBe(id);
    expect(manifest.tensors).toHaveLength(20);
    expect(manifest.info.source.kind).toBe(source('http://x/').kind);
  });

  test('is asked for with the query of its folder', async () => {
    const asked: string[] = [];
    const url = await serveBy(async (request, response) => {
      asked.push(request.url!);
      const { pathname, search } = new URL(request.url!, 'http://x');
      const file = search === '?token=a/b' && files.get(pathname.split('/').at(-1)!);
      if (file) response.writeHead(200).end(new Uint8Array(await file.arrayBuffer()));
      else response.writeHead(404).end();
    });
    for (const folder of ['/some/Model', '/some/Model/', '/some/Model/config.json']) {
      const { info } = await importModel({ kind: 'url', urls: [new URL(`${folder}?token=a/b`, url).href] });
      expect(info.source.location).toBe(new URL(folder, url).href);
      expect(JSON.stringify(info)).not.toContain('a/b');
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
    const served = await serveModel(new Map(all.map((file) => [file.name, file])));
    const manifest = await importModel({ kind: 'url', urls: [`${served.url}m/`] });
    expect(manifest.tensors).toHaveLength(20);
  });

  test('that comes with the app is asked for by its own files only', async () => {
    const asked: string[] = [];
    const url = await serveBy(async (request, response) => {
      asked.push(request.url!);
      const name = request.url!.split('/').at(-1)!;
      const file = name === 'README.md' ? new File(['---\nlicense: apache-2.0\n---\n'], name) : files.get(name)!;
      response.writeHead(200).end(new Uint8Array(await file.arrayBuffer()));
    });
    const appUrl = new URL('/base/', url).href;
    const manifest = await importModel({ kind: 'bundled', name: 'nano' }, { appUrl });
    expect(manifest.info).toMatchObject({ id: 'nano', name: 'nano', source: { kind: 'bundled', location: 'nano' } });
    expect(manifest.info.licence).toBe('apache-2.0');
    const names = ['config', 'generation_config', 'tokenizer', 'tokenizer_config'].map((name) => `${name}.json`);
    // Weights may be asked for more than once: this server knows no ranges.
    expect([...new Set(asked)].toSorted()).toEqual(
      [...names, 'model.safetensors', 'README.md'].map((name) => `/base/models/nano/${name}`).toSorted(),
    );
  });

  test('of a name that is not there is a ModelNotFoundError', async () => {
    const { url } = await serve();
    const expected = { name: 'ModelNotFoundError', message: 'No such model: there is no config.json at nope.' };
    await expect(importModel({ kind: 'bundled', name: 'nope' }, { appUrl: url })).rejects.toMatchObject(expected);
    await expect(importModel({ kind: 'hub', repo: 'nope', hub: url })).rejects.toMatchObject(expected);
  });

  test.each(['config.json', 'nothing.gguf'])('that is not there is a NetworkError: %s', async (name) => {
    const { url } = await serve();
    const urls = [`${url}m/${name}`];
    await expect(importModel({ kind: 'url', urls })).rejects.toMatchObject({
      name: 'NetworkError',
      message: `There is no ${name} at ${urls[0]}: the server does not know it.`,
    });
  });

  test('of which one of several addresses is missing is an InvalidFileError, one that leads nowhere a NetworkError', async () => {
    const { url } = await serveModel();
    const ask = (...names: string[]) => importModel({ kind: 'url', urls: names.map((name) => `${url}m/${name}`) });
    await expect(ask('config.json', 'model-00001-of-00002.safetensors')).rejects.toMatchObject({
      name: 'NetworkError',
    });
    await expect(ask('config.json', 'tokenizer.json')).rejects.toMatchObject({
      name: 'InvalidFileError',
      message: 'There is no model.safetensors among the addresses that were given.',
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
