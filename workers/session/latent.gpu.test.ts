import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KvCacheFormat } from '../protocol/loading';
import type { Quantization } from '../protocol/model';
import { WeightStore } from '../storage/weightStore';
import { nmse } from '../testing/allclose';
import { importModel, newDatabase } from '../testing/importing';
import { tinyFolder } from '../testing/tinyCheckpoint';
import { tinyLatentConfig } from '../testing/tinyLatentCheckpoint';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** A model with latent attention computes on the GPU what plain TypeScript computes, fused or as recorded. */

const database = newDatabase();
const sessions: Session[] = [];

async function load(
  quantization: Quantization,
  kvCache: KvCacheFormat,
  { backend = 'webgpu', fusion = true }: { backend?: 'webgpu' | 'cpu'; fusion?: boolean } = {},
): Promise<Session> {
  const { signal } = new AbortController();
  const options = { backend, fusion };
  const session = await loadModel(
    new WeightStore(database),
    options,
    quantization,
    { kvCache },
    () => undefined,
    signal,
  );
  sessions.push(session);
  return session;
}

beforeAll(async () => {
  const files = tinyFolder(tinyLatentConfig({ max_position_embeddings: 512 }));
  for (const quantization of ['f32', 'int4'] as const) {
    await importModel(files, { database, quantization, id: quantization });
  }
}, 300_000);

afterAll(() => Promise.all(sessions.map((session) => session.dispose())));

const PROMPT = Array.from({ length: 60 }, (_, i) => 3 + ((i * 37) % 200));
/** Its answer crosses the end of the first chunk of keys. */
const LONG_PROMPT = Array.from({ length: 250 }, (_, i) => 3 + ((i * 37) % 200));

/** Tokens, and dispatches of each submission that made one. */
async function generate(session: Session, tokenIds: number[]) {
  const tokens: number[] = [];
  const before = session.stats();
  const options = { temperature: 0, ignore_eos: true, max_tokens: 12, prompt_lookup: false };
  const { signal } = new AbortController();
  await session.generate({ tokenIds }, options, ({ tokenId }) => tokens.push(tokenId), signal);
  const after = session.stats();
  return { tokens, dispatches: after.dispatches - before.dispatches, submits: after.submits - before.submits };
}

test('logits of every position, and of the last one', async () => {
  const [gpu, cpu] = await Promise.all([load('f32', 'f32'), load('f32', 'f32', { backend: 'cpu' })]);
  for (const tokenIds of [PROMPT, LONG_PROMPT, [7]]) {
    for (const positions of ['all', 'last'] as const) {
      const want = await cpu.forward({ tokenIds }, positions);
      expect(nmse((await gpu.forward({ tokenIds }, positions)).logits, want.logits)).toBeLessThan(1e-9);
    }
  }
});

describe('fused layers and those as recorded give the same tokens', () => {
  for (const [quantization, kvCache] of [
    ['f32', 'f32'],
    ['int4', 'f16'],
    ['int4', 'int8'],
  ] as const) {
    test(`${quantization} weights, ${kvCache} cache`, async () => {
      const [fused, plain] = [await load(quantization, kvCache), await load(quantization, kvCache, { fusion: false })];
      for (const prompt of [[7], LONG_PROMPT]) {
        expect((await generate(fused, prompt)).tokens).toEqual((await generate(plain, prompt)).tokens);
      }
    });
  }
});

test('a token takes six dispatches per layer, and one more where the keys are many', async () => {
  const session = await load('int4', 'f16');
  const perStep = async (prompt: number[]) => {
    await generate(session, prompt);
    // The prompt is kept: one token of it is computed again, as decoding does.
    const { dispatches, submits } = await generate(session, prompt);
    return dispatches / submits;
  };
  // Besides layers: embedding, norm, head and two that choose.
  expect(await perStep(PROMPT)).toBeLessThanOrEqual(2 * 6 + 5);
  const long = await perStep([...LONG_PROMPT, ...PROMPT]);
  expect(long).toBeGreaterThan(2 * 6 + 5);
  expect(long).toBeLessThanOrEqual(2 * 7 + 5);
});
