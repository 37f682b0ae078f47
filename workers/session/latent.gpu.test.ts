import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KvCacheFormat } from '../protocol/loading';
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
  id: string,
  kvCache: KvCacheFormat,
  { backend = 'webgpu', fusion = true }: { backend?: 'webgpu' | 'cpu'; fusion?: boolean } = {},
): Promise<Session> {
  const { signal } = new AbortController();
  const store = new WeightStore(database);
  const session = await loadModel(store, { backend, fusion }, id, { kvCache }, () => undefined, signal);
  sessions.push(session);
  return session;
}

beforeAll(async () => {
  const config = tinyLatentConfig({ max_position_embeddings: 512 });
  for (const quantization of ['f32', 'int4'] as const) {
    await importModel(tinyFolder(config), { database, quantization, id: quantization });
  }
  const wide = {
    qk_nope_head_dim: 64,
    qk_rope_head_dim: 32,
    kv_lora_rank: 256,
    q_lora_rank: 768,
    num_attention_heads: 8,
  };
  const published = { ...config, ...wide, num_key_value_heads: 8 };
  await importModel(tinyFolder(published), { database, quantization: 'int8', id: 'published' });
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

// With small heads, and with those of the published model.
test.each(['f32', 'published'])('%s: logits of every position, and of the last one', async (id) => {
  const [gpu, cpu] = await Promise.all([load(id, 'f32'), load(id, 'f32', { backend: 'cpu' })]);
  for (const tokenIds of [PROMPT, LONG_PROMPT, [7]]) {
    for (const positions of ['all', 'last'] as const) {
      const want = await cpu.forward({ tokenIds }, positions);
      expect(nmse((await gpu.forward({ tokenIds }, positions)).logits, want.logits)).toBeLessThan(1e-9);
    }
  }
});

describe('fused layers and those as recorded give the same tokens', () => {
  for (const [id, kvCache] of [
    ['f32', 'f32'],
    ['int4', 'f16'],
    ['int4', 'int8'],
    ['published', 'f16'],
  ] as const) {
    test(`${id}, ${kvCache} cache`, async () => {
      const [fused, plain] = [await load(id, kvCache), await load(id, kvCache, { fusion: false })];
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
