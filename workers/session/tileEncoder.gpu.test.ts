import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TilePatches } from '../model/patches';
import { WeightStore } from '../storage/weightStore';
import { nmse } from '../testing/allclose';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyVisionFolder } from '../testing/tinyVisionCheckpoint';
import { tileEncoderOf } from '../testing/tileEncoderOf';
import type { PromptTile } from './featureStore';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** The GPU and plain TypeScript see the same in a tile, and say the same about it. */

const database = newDatabase();
let gpu: Session;
let cpu: Session;

beforeAll(async () => {
  const { id } = await importModel(tinyVisionFolder(), { database, quantization: 'f32' });
  [gpu, cpu] = await Promise.all([load(id, 'webgpu'), load(id, 'cpu')]);
}, 300_000);

afterAll(() => Promise.all([gpu.dispose(), cpu.dispose()]));

function load(id: string, backend: 'webgpu' | 'cpu') {
  const { signal } = new AbortController();
  return loadModel(new WeightStore(database), { backend }, id, { kvCache: 'f32' }, () => undefined, signal);
}

function tile(session: Session, rows: number, columns: number): TilePatches {
  const { patchWidth } = session.encoder!;
  return { rows, columns, values: new Random(rows * columns).rows(rows * columns, 48, patchWidth) };
}

/** A prompt with two tiles of nine rows each. */
function prompt(session: Session) {
  const tokenIds = Array.from({ length: 40 }, (_, i) => 3 + ((i * 37) % 200));
  const tiles: PromptTile[] = [
    { key: 'overview', start: 5, patches: () => tile(session, 6, 6) },
    { key: 'slice', start: 20, patches: () => tile(session, 3, 9) },
  ];
  return { tokenIds, tiles };
}

test('features and logits are those of the CPU', async () => {
  const forward = async (session: Session) => (await session.forward(prompt(session), 'all')).logits;
  const want = await forward(cpu);
  expect(nmse(await forward(gpu), want)).toBeLessThan(1e-9);
  // What the picture shows matters: without it the logits behind it are others.
  const { tokenIds } = prompt(cpu);
  const blind = (await cpu.forward({ tokenIds }, 'all')).logits;
  expect(nmse(blind, want)).toBeGreaterThan(1e-3);
});

test('a picture that was seen is not computed again, and its keys and values stay', async () => {
  const answer = async (session: Session, input: ReturnType<typeof prompt>) => {
    const tokens: number[] = [];
    const options = { temperature: 0, ignore_eos: true, max_tokens: 12 };
    const { signal } = new AbortController();
    const result = await session.generate(input, options, ({ tokenId }) => tokens.push(tokenId), signal);
    return { tokens, cached: result.cachedTokens };
  };
  const before = gpu.stats();
  const first = await answer(gpu, prompt(gpu));
  expect(first.tokens).toEqual((await answer(cpu, prompt(cpu))).tokens);
  const question = { ...prompt(gpu), tokenIds: [...prompt(gpu).tokenIds, ...first.tokens, 9, 8, 7] };
  const second = await answer(gpu, question);
  expect(second.cached).toBe(40 + first.tokens.length - 1);
  expect(gpu.stats().tilesEncoded).toBe(before.tilesEncoded);
  expect(gpu.stats().tilesReused).toBe(before.tilesReused + 4);
  // Another picture in the same place: what comes before it is kept, and no more.
  const other = { ...prompt(gpu), tiles: [{ key: 'other', start: 5, patches: () => tile(gpu, 4, 4) }] };
  expect((await answer(gpu, other)).cached).toBe(5);
  expect(gpu.stats().tilesEncoded).toBe(before.tilesEncoded + 1);
});

test('the tower can be stopped between submissions', async () => {
  const stop = () => {
    throw new DOMException('stopped', 'AbortError');
  };
  const { encoder, backend, sizes } = await tileEncoderOf(gpu);
  const target = backend.createBuffer('features', sizes.bytesPerTile);
  await expect(encoder.encode(tile(gpu, 6, 6), target, 0, stop)).rejects.toThrow('stopped');
});
