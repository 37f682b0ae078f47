import 'fake-indexeddb/auto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Progress } from '../protocol/progress';
import type { ModelSource } from '../protocol/source';
import { WeightStore } from '../storage/weightStore';
import type { FileRequest, HubOptions, HubServer } from '../testing/hubServer';
import { startHub } from '../testing/hubServer';
import { hashes, importModel, newDatabase } from '../testing/importing';
import { quantizedCheckpoint, quantizedFolder } from '../testing/quantizedCheckpoint';
import { Random } from '../testing/random';
import { sentencePieceFile } from '../testing/sentencePieceFile';
import { huggingFaceTensors, testFile, tinyConfig, tinyFolder, tinyWeights } from '../testing/tinyCheckpoint';
import { torchFile } from '../testing/torchFile';

/** PyTorch and quantised checkpoints from a server: read by ranges, interrupted, taken up again. */

const TRANSFER = { chunkBytes: 128 * 1024, retrySeconds: 0, stallSeconds: 5 };
/** Every session reads the start and the end of the file anew. */
const FIRST_REQUEST = 65_536;

vi.setConfig({ testTimeout: 60_000 });

/** Its matrices are so large that no server is asked to send on through one. */
const config = tinyConfig({ hidden_size: 320, intermediate_size: 640, num_attention_heads: 5, num_key_value_heads: 5 });
const torch = [
  ...tinyFolder(config).slice(0, -1),
  testFile('pytorch_model.bin', torchFile(huggingFaceTensors(tinyWeights(config)))),
];
const gptq = quantizedCheckpoint({ method: 'gptq', groupSize: 32 });
const copy = gptq.tensors.find(({ name }) => name === 'model.embed_tokens.weight')!;
const gptqFolder = quantizedFolder(gptq.config, [...gptq.tensors, { ...copy, name: 'lm_head.weight' }]);
const mixed = quantizedCheckpoint({ method: 'gptq', groupSize: 32, order: 'columns' });
const mlx = quantizedCheckpoint({ method: 'mlx', groupSize: 64 });

const CHECKPOINTS: [string, File[], string][] = [
  ['pytorch_model.bin', torch, 'pytorch_model.bin'],
  ['GPTQ', gptqFolder, 'model.safetensors'],
  ['GPTQ of mixed groups', mixed.files, 'model.safetensors'],
  ['AWQ', quantizedCheckpoint({ method: 'awq', groupSize: 32 }).files, 'model.safetensors'],
  ['MLX', mlx.files, 'model.safetensors'],
];

const hubs: HubServer[] = [];

async function serve(files: File[], options: Partial<HubOptions> = {}): Promise<HubServer> {
  const contents = files.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const);
  const hub = await startHub({ files: new Map(await Promise.all(contents)), ...options });
  hubs.push(hub);
  return hub;
}

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(hubs.splice(0).map((hub) => hub.close()));
});

const onHub = ({ url }: HubServer): ModelSource => ({ kind: 'hub', repo: 'openbmb/Tiny', hub: [url] });

const sentOf = (requests: FileRequest[], name: string) =>
  requests.filter((request) => request.name === name).reduce((sum, { sent }) => sum + sent, 0);

describe.each(CHECKPOINTS)('%s', (_name, files, weights) => {
  const size = files.find(({ name }) => name === weights)!.size;
  const local = importModel(files, { transfer: TRANSFER }).then(hashes);

  test('comes from a server as from the disk, and little of it twice', async () => {
    const hub = await serve(files);
    expect(hashes(await importModel(onHub(hub), { transfer: TRANSFER }))).toEqual(await local);
    expect(sentOf(hub.requests, weights)).toBeLessThan(1.2 * size + 3 * FIRST_REQUEST);
  });

  test('comes in spite of cut connections', async () => {
    let count = 0;
    const hub = await serve(files, { fault: () => (++count % 4 === 0 ? { kind: 'cut', bytes: 5000 } : null) });
    expect(hashes(await importModel(onHub(hub), { transfer: TRANSFER }))).toEqual(await local);
  });

  test('is taken up again where it was broken off', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
    const random = new Random(4);
    const database = newDatabase();
    const hub = await serve(files);
    let broken = 0;
    for (let attempt = 0; attempt < 4; attempt++) {
      let left = 3 + random.below(8);
      const onProgress = ({ phase }: Progress) => {
        if (phase === 'importing' && --left < 0) throw new Error('closed');
      };
      await importModel(onHub(hub), { database, transfer: TRANSFER, onProgress }).catch(() => broken++);
    }
    expect(broken).toBe(4);
    const manifest = await importModel(onHub(hub), { database, transfer: TRANSFER });
    expect(hashes(manifest)).toEqual(await local);
    if (weights === 'pytorch_model.bin') expect(manifest.info.source.isVerified).toBe(true);
    expect(await new WeightStore(database).verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
  });

  test('is repaired from the server', async () => {
    const database = newDatabase();
    const hub = await serve(files);
    const manifest = await importModel(onHub(hub), { database, transfer: TRANSFER });
    const store = new WeightStore(database);
    const { chunks } = manifest.tensors.find(({ name }) => name === 'layers.1.downProj')!.shards[0]!;
    await store.restoreChunk(manifest, chunks[0]!.number, new Uint8Array(chunks[0]!.bytes));
    const { Importer } = await import('./importer');
    const request = { database, id: manifest.id, source: undefined, token: undefined, transfer: TRANSFER };
    const repaired = await new Importer('http://localhost/').repairModel(request, () => undefined);
    expect(repaired).toEqual([`layers.1.downProj, chunk ${chunks[0]!.number}`]);
    expect(await store.verify(manifest.id)).toEqual({ ok: true, badChunks: [] });
  });
});

test('a file of PyTorch is checked against the hash that its hub states', async () => {
  const hub = await serve(torch);
  expect((await importModel(onHub(hub), { transfer: TRANSFER })).info.source.isVerified).toBe(true);
  const other = await serve(torch, { statedHash: () => '0'.repeat(64) });
  await expect(importModel(onHub(other), { transfer: TRANSFER })).rejects.toMatchObject({ name: 'NetworkError' });
});

test('a second vocabulary matrix is not fetched', async () => {
  const { config: large, tensors } = quantizedCheckpoint({ method: 'gptq', groupSize: 32, vocabSize: 4000 });
  const head = { ...tensors.find(({ name }) => name === 'model.embed_tokens.weight')!, name: 'lm_head.weight' };
  const files = quantizedFolder(large, [...tensors, head]);
  const size = files.at(-1)!.size;
  const hub = await serve(files);
  await importModel(onHub(hub), { transfer: TRANSFER });
  expect(sentOf(hub.requests, 'model.safetensors')).toBeLessThan(size - 0.8 * head.bytes.length + 3 * FIRST_REQUEST);
});

test('a file of PyTorch is refused where the server sends it only as a whole', async () => {
  const hub = await serve(torch, { fault: () => ({ kind: 'whole' }) });
  await expect(importModel(onHub(hub), { transfer: TRANSFER })).rejects.toMatchObject({
    name: 'NetworkError',
    message: expect.stringContaining('only as a whole'),
  });
});

test('a tokenizer.model stands in for a tokenizer.json', async () => {
  const others = tinyFolder().filter(({ name }) => !name.startsWith('tokenizer'));
  const hub = await serve([...others, testFile('tokenizer.model', sentencePieceFile())]);
  const database = newDatabase();
  const manifest = await importModel(onHub(hub), { database, transfer: TRANSFER });
  expect(manifest.info.hasTokenizer).toBe(true);
  const record = await new WeightStore(database).getTokenizer(manifest);
  expect(record!.tokenizer).toMatchObject({ model: { type: 'BPE', byte_fallback: true } });
});
