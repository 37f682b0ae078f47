import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SamplingOptions } from '../protocol/generation';
import { WeightStore } from '../storage/weightStore';
import { nmse } from '../testing/allclose';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { tinyMergingFolder } from '../testing/tinyHybridCheckpoint';
import type { PromptTile } from './featureStore';
import { loadModel } from './loadModel';
import type { SessionInput } from './prompt';
import type { Session } from './session';

/** A model with recurrent states and eyes computes on the GPU what plain TypeScript computes, whatever came before. */

const database = newDatabase();
let gpu: Session;
let cpu: Session;

beforeAll(async () => {
  const { id } = await importModel(tinyMergingFolder(), { database, quantization: 'f32' });
  [gpu, cpu] = await Promise.all([load(id, 'webgpu'), load(id, 'cpu')]);
}, 300_000);

afterAll(() => Promise.all([gpu.dispose(), cpu.dispose()]));

function load(id: string, backend: 'webgpu' | 'cpu', fusion = true) {
  const { signal } = new AbortController();
  return loadModel(new WeightStore(database), { backend, fusion }, id, { kvCache: 'f32' }, () => undefined, signal);
}

const PROMPT = Array.from({ length: 60 }, (_, i) => 3 + ((i * 37) % 200));

/** A prompt with a tile of four feature rows and one of three. */
function pictured(session: Session): { tokenIds: number[]; tiles: PromptTile[] } {
  const tile = (start: number, rows: number, columns: number): PromptTile => {
    const values = () => new Random(rows * columns).rows(rows * columns, 48, session.encoder!.patchWidth);
    const patches = () => ({ rows, columns, values: values() });
    return { key: `${rows} × ${columns}`, start, rows: (rows * columns) / 16, patches };
  };
  return { tokenIds: PROMPT, tiles: [tile(5, 8, 8), tile(20, 4, 12)] };
}

async function generate(session: Session, input: SessionInput, options: SamplingOptions = {}) {
  const tokens: number[] = [];
  const greedy = { temperature: 0, ignore_eos: true, max_tokens: 12, ...options };
  const { signal } = new AbortController();
  const result = await session.generate(input, greedy, ({ tokenId }) => tokens.push(tokenId), signal);
  return { ...result, tokens };
}

test('logits of every position, with tiles and without', async () => {
  for (const input of [(session: Session) => pictured(session), () => ({ tokenIds: PROMPT })]) {
    const want = await cpu.forward(input(cpu), 'all');
    expect(nmse((await gpu.forward(input(gpu), 'all')).logits, want.logits)).toBeLessThan(1e-9);
    expect(
      nmse((await gpu.forward(input(gpu), 'last')).logits, (await cpu.forward(input(cpu), 'last')).logits),
    ).toBeLessThan(1e-9);
  }
});

test('what was computed ahead of a stop does not stay in the state', async () => {
  const { tokens } = await generate(cpu, { tokenIds: PROMPT }, { max_tokens: 30 });
  const stop = new AbortController();
  let count = 0;
  const options = { temperature: 0, ignore_eos: true, tokens_in_flight: 8, max_tokens: 100 };
  await gpu.generate({ tokenIds: PROMPT }, options, () => ++count === 10 && stop.abort(), stop.signal);
  const next = [...PROMPT, ...tokens.slice(0, 10), 9, 8, 7];
  const second = await generate(gpu, { tokenIds: next });
  expect(second.cachedTokens).toBeGreaterThanOrEqual(PROMPT.length - 16);
  expect(second.tokens).toEqual((await generate(cpu, { tokenIds: next })).tokens);
});

test('a token costs one submission, copies of the state included', async () => {
  const options = { max_tokens: 150, tokens_in_flight: 4 };
  const first = await generate(gpu, { tokenIds: PROMPT }, { ...options, max_tokens: 1 });
  const before = gpu.stats();
  const { tokens } = await generate(gpu, { tokenIds: [...PROMPT, ...first.tokens] }, options);
  const after = gpu.stats();
  expect(tokens).toHaveLength(150);
  // One for the token of the prompt that is new, and those that were computed ahead.
  expect(after.submits - before.submits).toBeLessThanOrEqual(150 + 4);
  // Four layers of 5; and embedding, norm, head and two that choose.
  const steps = (after.dispatches - before.dispatches) / (after.submits - before.submits);
  expect(steps).toBeLessThanOrEqual(4 * 5 + 5);
  // A copy that was taken on the way is what the next prompt goes on from.
  const next = { tokenIds: [...PROMPT, ...first.tokens, ...tokens.slice(0, 100), 9, 8, 7] };
  const second = await generate(gpu, next);
  expect(second.cachedTokens).toBeGreaterThanOrEqual(PROMPT.length + 64);
  expect(second.tokens).toEqual((await generate(cpu, next)).tokens);
});

test('packed weights, whose gates keep their floats: the same tokens from fused layers and as recorded', async () => {
  const { id } = await importModel(tinyMergingFolder(), { database, quantization: 'int4', id: 'packed' });
  const [fused, plain] = await Promise.all([load(id, 'webgpu'), load(id, 'webgpu', false)]);
  const dispatches = async (session: Session) => {
    const before = session.stats();
    const { tokens } = await generate(session, { tokenIds: [7] }, { max_tokens: 40 });
    const after = session.stats();
    return { tokens, perStep: (after.dispatches - before.dispatches) / (after.submits - before.submits) };
  };
  const [got, want] = [await dispatches(fused), await dispatches(plain)];
  expect(got.tokens).toEqual(want.tokens);
  expect(got.perStep).toBeLessThanOrEqual(4 * 5 + 5);
  expect(want.perStep).toBeGreaterThan(4 * 17);
  // Across the end of the first chunk of keys.
  const long = { tokenIds: Array.from({ length: 250 }, (_, i) => 3 + ((i * 37) % 200)) };
  expect((await generate(fused, long)).tokens).toEqual((await generate(plain, long)).tokens);
  await Promise.all([fused.dispose(), plain.dispose()]);
});

test('a second question about a picture computes what is new, and an answer written anew is the same', async () => {
  const first = await generate(gpu, pictured(gpu));
  expect(first.tokens).toEqual((await generate(cpu, pictured(cpu))).tokens);
  const { tilesEncoded } = gpu.stats();
  const again = await generate(gpu, pictured(gpu));
  expect(again).toMatchObject({ tokens: first.tokens, cachedTokens: PROMPT.length - 16 });
  const next = (session: Session) => ({ ...pictured(session), tokenIds: [...PROMPT, ...first.tokens, 9, 8, 7] });
  const second = await generate(gpu, next(gpu));
  expect(second.cachedTokens).toBe(PROMPT.length + first.tokens.length - 1);
  expect(second.tokens).toEqual((await generate(cpu, next(cpu))).tokens);
  expect(gpu.stats().tilesEncoded).toBe(tilesEncoded);
});
