import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Manifest } from '../checkpoint/manifest';
import type { Progress } from '../protocol/progress';
import type { ModelSource } from '../protocol/source';
import { WeightStore } from '../storage/weightStore';
import type { HubOptions, HubServer } from '../testing/hubServer';
import { bytesSentTwice, startHub } from '../testing/hubServer';
import { hashes, importModel, newDatabase, storedKeys } from '../testing/importing';
import { Random } from '../testing/random';
import { safetensorsFile } from '../testing/safetensorsFile';
import { huggingFaceTensors, testFile, tinyConfig, tinyFolder, tinyGguf, tinyWeights } from '../testing/tinyCheckpoint';
import { Importer } from './importer';

/** A model whose weights are far longer than a first request, in chunks of a few kilobytes. */
const CONFIG = tinyConfig({ hidden_size: 128, intermediate_size: 384, num_attention_heads: 4, num_key_value_heads: 4 });
const CHUNK_BYTES = 32 * 1024;
const TRANSFER = { chunkBytes: CHUNK_BYTES, retrySeconds: 0, stallSeconds: 5 };
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const OTHER_COMMIT = 'fedcba9876543210fedcba9876543210fedcba98';
const WEIGHTS = 'model.safetensors';
/** Every session reads the header anew. */
const FIRST_REQUEST = 65_536;

async function contentsOf(files: File[]): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const contents = files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const);
  return new Map(await Promise.all(contents));
}

const folder = await contentsOf(tinyFolder(CONFIG));
const gguf = await contentsOf([tinyGguf(CONFIG)]);

// Hundreds of small requests.
vi.setConfig({ testTimeout: 60_000 });

const hubs: HubServer[] = [];

async function serve(options: Partial<HubOptions> = {}): Promise<HubServer> {
  const hub = await startHub({ files: folder, ...options });
  hubs.push(hub);
  return hub;
}

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
});

const onHub = (...served: HubServer[]): ModelSource => ({
  kind: 'hub',
  repo: 'openbmb/Tiny',
  hub: served.map(({ url }) => url),
});

const whole = hashes(await importModel(tinyFolder(CONFIG), { transfer: TRANSFER }));

/** The most bytes of the f32 source that a chunk is made of. */
function largestChunk(manifest: Manifest): number {
  const perRow = (shape: number[]) => 4 * shape.slice(1).reduce((product, size) => product * size, 1);
  const rows = ({ shape, shards }: Manifest['tensors'][number]) =>
    Math.max(
      ...shards.flatMap((shard) => shard.chunks.map(({ bytes }) => Math.ceil((bytes / shard.bytes) * shard.rows))),
    ) * perRow(shape);
  return Math.max(...manifest.tensors.map(rows));
}

describe('an import that is broken off', () => {
  test('ten times ends with the same bytes, and fetches at most a chunk twice each time', async () => {
    // Reports come ten times a second; with a clock that leaps, after every stretch of rows.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const random = new Random(10);
    const database = newDatabase();
    const hub = await serve();
    const store = new WeightStore(database);
    let broken = 0;
    for (let attempt = 0; attempt < 10; attempt++) {
      let reports = 0;
      const last = 1 + random.below(4);
      const onProgress = ({ phase }: Progress) => {
        if (phase === 'importing' && ++reports > last) throw new Error('closed');
      };
      await importModel(onHub(hub), { database, transfer: TRANSFER, onProgress }).catch(() => broken++);
      expect(await store.listManifests()).toEqual([]);
    }
    expect(broken).toBe(10);
    const [journal] = await store.listJournals();
    expect(journal!.loadedBytes).toBeGreaterThan(0);
    expect(journal!.loadedBytes).toBeLessThan(journal!.totalBytes);
    const manifest = await importModel(onHub(hub), { database, transfer: TRANSFER });
    expect(hashes(manifest)).toEqual(whole);
    // The hash of the file went on over all the breaks.
    expect(manifest.info.source.isVerified).toBe(true);
    expect(await store.verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
    const twice = bytesSentTwice(hub.requests, WEIGHTS, FIRST_REQUEST);
    expect(twice).toBeLessThanOrEqual(10 * largestChunk(manifest));
  });

  test('keeps each chunk that was stored', async () => {
    const database = newDatabase();
    const put = IDBObjectStore.prototype.put;
    let room = 40;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...record) {
      if (--room < 0) throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
      return put.apply(this, record);
    });
    const hub = await serve();
    const ids = new Set<string>();
    const onProgress = ({ phase, modelId = '' }: Progress) => phase === 'importing' && ids.add(modelId);
    const options = { database, transfer: TRANSFER, onProgress };
    await expect(importModel(onHub(hub), options)).rejects.toMatchObject({ name: 'StorageFullError' });
    vi.restoreAllMocks();
    const store = new WeightStore(database);
    const [journal] = await store.listJournals();
    const stored = await store.storedChunks(journal!.importId);
    expect(stored.size).toBeGreaterThan(5);
    let written = 0;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      if (Array.isArray(key) && key[0] === 'chunk') written++;
      return put.call(this, value, key);
    });
    const manifest = await importModel(onHub(hub), options);
    expect(manifest.importId).toBe(journal!.importId);
    expect(hashes(manifest)).toEqual(whole);
    expect(written).toBe(whole.length - stored.size);
    const chunks = manifest.tensors.flatMap(({ shards }) => shards.flatMap(({ chunks }) => chunks));
    const storedBytes = chunks.reduce((sum, { number, bytes }) => sum + (stored.has(number) ? bytes : 0), 0);
    expect(journal!.storedBytes).toBe(storedBytes);
    expect([...ids]).toEqual([manifest.id]);
  });

  test('does not even begin where the browser says that there is no room', async () => {
    vi.stubGlobal('navigator', { storage: { estimate: async () => ({ usage: 0, quota: 100_000 }) } });
    const database = newDatabase();
    const hub = await serve();
    await expect(importModel(onHub(hub), { database, transfer: TRANSFER })).rejects.toMatchObject({
      name: 'StorageFullError',
      message: expect.stringMatching(/^The model needs 0\.\d MB of storage, and the browser has 0\.1 MB left/),
    });
    expect(hub.requests.filter(({ name }) => name === WEIGHTS)).toHaveLength(1);
    expect(await storedKeys(database)).toEqual([]);
  });

  test('goes on by its id, at the commit that it began with', async () => {
    const database = newDatabase();
    const hub = await serve({ fault: () => (hub.requests.length > 6 ? { kind: 'status', status: 400 } : null) });
    const begin = () => importModel(onHub(hub), { database, transfer: TRANSFER });
    await expect(begin()).rejects.toMatchObject({ name: 'NetworkError' });
    const store = new WeightStore(database);
    const [journal] = await store.listJournals();
    expect(journal!.source).toMatchObject({ kind: 'hub', revision: COMMIT, branch: 'main' });
    hub.options.fault = () => null;
    hub.options.commit = OTHER_COMMIT;
    const request = { database, source: undefined, id: journal!.id, quantization: 'auto' as const };
    const info = await new Importer('http://localhost/').importModel(request, () => undefined);
    expect(info.source).toMatchObject({ revision: COMMIT, branch: 'main', isVerified: true });
    expect(hashes(await store.getManifest(info.id))).toEqual(whole);
    await expect(new Importer('http://localhost/').importModel(request, () => undefined)).rejects.toMatchObject({
      name: 'ModelNotFoundError',
    });
    // Nothing is unfinished: the branch is looked up anew.
    expect((await begin()).info.source).toMatchObject({ revision: OTHER_COMMIT });
  });

  test('is taken up from the GGUF file whose heads do not end where chunks do', async () => {
    const database = newDatabase();
    const hub = await serve({ files: gguf, hasApi: false });
    const source: ModelSource = { kind: 'url', urls: [`${hub.url}tiny.gguf`] };
    const transfer = { ...TRANSFER, chunkBytes: 5000 };
    const reference = await importModel(source, { transfer });
    hub.requests.length = 0;
    let left = 30;
    const onProgress = ({ phase }: Progress) => {
      if (phase === 'importing' && --left < 0) throw new Error('closed');
    };
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    await expect(importModel(source, { database, transfer, onProgress })).rejects.toThrow('closed');
    const manifest = await importModel(source, { database, transfer });
    expect(hashes(manifest)).toEqual(hashes(reference));
  });

  test('of a file that has changed begins anew', async () => {
    const database = newDatabase();
    let count = 0;
    const hub = await serve({ hasApi: false, fault: () => (++count === 8 ? { kind: 'changed' } : null) });
    const source: ModelSource = { kind: 'url', urls: [`${hub.url}Tiny/`] };
    await expect(importModel(source, { database, transfer: TRANSFER })).rejects.toMatchObject({
      name: 'SourceChangedError',
    });
    expect(await storedKeys(database)).toEqual([]);
    expect(hashes(await importModel(source, { database, transfer: TRANSFER }))).toEqual(whole);
  });
});

describe('a hub', () => {
  test('pins the revision and states hashes, which are checked', async () => {
    const hub = await serve();
    const { info } = await importModel(onHub(hub), { transfer: TRANSFER });
    expect(info.source).toEqual({
      kind: 'hub',
      location: 'openbmb/Tiny',
      revision: COMMIT,
      branch: 'main',
      hub: { url: hub.url.replace(/\/$/, ''), shape: 'hugging-face', repo: 'openbmb/Tiny' },
      isVerified: true,
    });
    expect(hub.apiRequests.map(({ path }) => path)).toEqual(['/api/models/openbmb/Tiny/revision/main?blobs=true']);
    // It says which files there are: none is asked for in vain.
    expect(hub.requests.every(({ name }) => folder.has(name))).toBe(true);
  });

  test('in the shape of ModelScope does too', async () => {
    const { url, apiRequests } = await serve({ redirects: true });
    const hub = { url, shape: 'modelscope' as const, repo: 'OpenBMB/Tiny' };
    const manifest = await importModel({ kind: 'hub', repo: 'openbmb/Tiny', hub }, { transfer: TRANSFER });
    expect(hashes(manifest)).toEqual(whole);
    expect(manifest.info.source).toMatchObject({ revision: COMMIT, branch: 'master', isVerified: true });
    expect(apiRequests.map(({ path }) => path)).toEqual([
      '/api/v1/models/OpenBMB/Tiny/repo/files?Recursive=true&Revision=master',
    ]);
  });

  test('whose file has another hash than stated is not believed, and nothing stays', async () => {
    const database = newDatabase();
    const other = createHash('sha256').update('other').digest('hex');
    const hub = await serve({ statedHash: () => other });
    await expect(importModel(onHub(hub), { database, transfer: TRANSFER })).rejects.toMatchObject({
      name: 'NetworkError',
      message: expect.stringMatching(/model\.safetensors did not arrive as the hub states it: its SHA-256 is another/),
    });
    expect(await storedKeys(database)).toEqual([]);
  });

  test('of which a file is not needed as a whole says that it was not verified', async () => {
    const extra = {
      name: 'model.layers.0.self_attn.rotary_emb.inv_freq',
      shape: [100_000],
      values: new Float32Array(100_000),
    };
    const tensors = huggingFaceTensors(tinyWeights(CONFIG));
    const file = testFile(WEIGHTS, safetensorsFile([...tensors.slice(0, 4), extra, ...tensors.slice(4)]));
    const hub = await serve({ files: await contentsOf([...tinyFolder(CONFIG).slice(0, -1), file]) });
    const { info } = await importModel(onHub(hub), { transfer: TRANSFER });
    expect(info.source.isVerified).toBe(false);
    expect(hub.requests.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(file.size);
  });

  test('without an API is used as it is', async () => {
    const hub = await serve({ hasApi: false });
    const { info } = await importModel(onHub(hub), { transfer: TRANSFER });
    expect(info.source).toMatchObject({ revision: 'main', isVerified: false });
    expect(info.source.branch).toBeUndefined();
  });

  test('that answers first of several is taken, and each gets its own token only', async () => {
    const dead = await serve();
    const { url: deadUrl } = dead;
    await dead.close();
    const silent = await serve({ hasApi: false });
    const open = await serve({ hasApi: false });
    const good = await serve({ redirects: true });
    const hub = [deadUrl, open.url, { url: silent.url, token: 'for silent' }, { url: good.url, token: 'for good' }];
    const options = { transfer: TRANSFER, token: 'for one hub' };
    const manifest = await importModel({ kind: 'hub', repo: 'openbmb/Tiny', hub }, options);
    expect(manifest.info.source.hub!.url).toBe(good.url.replace(/\/$/, ''));
    expect(good.apiRequests.map(({ authorization }) => authorization)).toEqual(['Bearer for good']);
    expect(silent.apiRequests.map(({ authorization }) => authorization)).toEqual(['Bearer for silent']);
    expect(open.apiRequests.map(({ authorization }) => authorization)).toEqual([undefined]);
    // The files come from another origin, which never sees the token.
    expect(good.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(silent.requests).toEqual([]);
    expect(JSON.stringify(manifest)).not.toContain('for good');
  });

  test('that is as good but slower is not waited for, wherever it is listed', async () => {
    const slow = await serve({ apiDelay: 2000 });
    const fast = await serve({ apiDelay: 50 });
    const { info } = await importModel(
      { kind: 'hub', repo: 'openbmb/Tiny', hub: [slow.url, fast.url] },
      { transfer: TRANSFER },
    );
    expect(info.source.hub!.url).toBe(fast.url.replace(/\/$/, ''));
    expect(slow.apiRequests).toHaveLength(1);
    expect(slow.requests).toEqual([]);
  });

  test('that keeps its files itself gets the token with each', async () => {
    const hub = await serve();
    await importModel(onHub(hub), { transfer: TRANSFER, token: 'hf_secret' });
    expect(hub.requests.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
  });

  test.each(['ftp://x', 'nonsense'])('with an address like %s is refused', async (hub) => {
    await expect(importModel({ kind: 'hub', repo: 'a/b', hub })).rejects.toMatchObject({ name: 'InvalidFileError' });
  });
});

describe('repair', () => {
  const repair = (database: string, id: string, source?: ModelSource) =>
    new Importer('http://localhost/').repairModel({ database, id, source, transfer: TRANSFER }, () => undefined);

  /** Flips a bit of one byte of a stored chunk. */
  async function damage(store: WeightStore, manifest: Manifest, number: number, byte: number): Promise<void> {
    const chunk = manifest.tensors
      .flatMap(({ shards }) => shards.flatMap(({ chunks }) => chunks))
      .find((candidate) => candidate.number === number)!;
    const bytes = (await store.getChunk(manifest, chunk)).slice();
    bytes[byte % bytes.length]! ^= 0x10;
    await store.restoreChunk(manifest, number, bytes);
  }

  test('of one flipped byte in any chunk fetches the bytes of that chunk, and puts back the same', async () => {
    const database = newDatabase();
    const hub = await serve();
    const store = new WeightStore(database);
    const manifest = await importModel(onHub(hub), { database, transfer: TRANSFER });
    const random = new Random(3);
    for (let number = 0; number < whole.length; number++) {
      await damage(store, manifest, number, random.below(CHUNK_BYTES));
      hub.requests.length = 0;
      const names = await repair(database, manifest.id);
      expect(names).toEqual([expect.stringMatching(new RegExp(`, chunk ${number}$`))]);
      expect(await store.verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
      const weights = hub.requests.filter(({ name, range }) => name === WEIGHTS && range!.from >= FIRST_REQUEST);
      const sent = weights.reduce((sum, request) => sum + request.sent, 0);
      expect(sent).toBeLessThanOrEqual(largestChunk(manifest));
    }
    hub.requests.length = 0;
    expect(await repair(database, manifest.id)).toEqual([]);
    expect(hub.requests).toEqual([]);
    expect(hashes(await store.getManifest(manifest.id))).toEqual(whole);
  });

  test('brings a missing chunk and a changed tokenizer back', async () => {
    const database = newDatabase();
    const hub = await serve();
    const store = new WeightStore(database);
    const manifest = await importModel(onHub(hub), { database, transfer: TRANSFER });
    await store.restoreTokenizer(manifest, { tokenizer: {}, config: {}, chatTemplate: null });
    await store.restoreChunk(manifest, 3, new Uint8Array(1));
    expect(await repair(database, manifest.id)).toEqual([expect.stringContaining('chunk 3'), 'tokenizer']);
    expect(await store.verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
  });

  test('of local files asks for them again', async () => {
    const database = newDatabase();
    const store = new WeightStore(database);
    const manifest = await importModel(tinyFolder(CONFIG), { database, transfer: TRANSFER });
    await damage(store, manifest, 2, 77);
    await expect(repair(database, manifest.id)).rejects.toMatchObject({
      name: 'InvalidFileError',
      message: expect.stringContaining('needed again'),
    });
    await repair(database, manifest.id, { kind: 'files', files: tinyFolder(CONFIG) });
    expect(await store.verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
  });

  test('from other weights is refused, and changes nothing', async () => {
    const database = newDatabase();
    const store = new WeightStore(database);
    const manifest = await importModel(tinyFolder(CONFIG), { database, transfer: TRANSFER });
    await damage(store, manifest, 2, 77);
    for (const files of [tinyFolder(CONFIG, 2), tinyFolder()]) {
      await expect(repair(database, manifest.id, { kind: 'files', files })).rejects.toMatchObject({
        name: 'SourceChangedError',
      });
    }
    expect((await store.verify(manifest.id)).badChunks).toHaveLength(1);
  });
});
