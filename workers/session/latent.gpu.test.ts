import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KvCacheFormat } from '../protocol/loading';
import { WeightStore } from '../storage/weightStore';
import { nmse } from '../testing/allclose';
import { importModel, newDatabase } from '../testing/importing';
import { tinyLatentConfig, tinyLatentFolder } from '../testing/tinyLatentCheckpoint';
import { compileForward, runForLogits } from './forwardProgram';
import { loadModel } from './loadModel';
import type { Session } from './session';

/** A model with latent attention computes on the GPU what plain TypeScript computes: prompts, and token after token. */

const database = newDatabase();
const sessions: Session[] = [];

/** Awkward sizes with weights as floats and packed, and the heads of the published model. */
type Id = 'small' | 'packed' | 'published';

beforeAll(async () => {
  const config = tinyLatentConfig({ max_position_embeddings: 512 });
  const heads = { num_attention_heads: 8, num_key_value_heads: 8 };
  const sizes = { qk_nope_head_dim: 64, qk_rope_head_dim: 32, kv_lora_rank: 256, q_lora_rank: 768 };
  const published = tinyLatentFolder({ ...config, ...heads, ...sizes });
  await importModel(tinyLatentFolder(config), { database, quantization: 'f32', id: 'small' });
  await importModel(tinyLatentFolder(config), { database, quantization: 'int4', id: 'packed' });
  await importModel(published, { database, quantization: 'int8', id: 'published' });
}, 300_000);

afterAll(() => Promise.all(sessions.map((session) => session.dispose())));

async function load(id: Id, kvCache: KvCacheFormat, backend: 'webgpu' | 'cpu' = 'webgpu'): Promise<Session> {
  const { signal } = new AbortController();
  const session = await loadModel(new WeightStore(database), { backend }, id, { kvCache }, () => undefined, signal);
  sessions.push(session);
  return session;
}

const TOKENS = Array.from({ length: 258 }, (_, i) => 3 + ((i * 37) % 200));

/** Numbers of tokens: from the first one on, and across the end of the first chunk of keys, one more each time. */
const LENGTHS = [1, 2, 3, 254, 255, 256, 257, 258];

/** A key or value may round the other way to half or to 8 bits, once in a while. */
const TOLERANCE: Record<KvCacheFormat, number> = { f32: 1e-9, f16: 1e-6, int8: 1e-4 };

describe('logits of prompts, and of the tokens that follow them one by one', () => {
  for (const [id, kvCache] of [
    ['small', 'f32'],
    ['packed', 'f16'],
    ['packed', 'int8'],
    ['published', 'f16'],
  ] as const) {
    test(`${id}, ${kvCache} cache`, async () => {
      const [gpu, cpu] = await Promise.all([load(id, kvCache), load(id, kvCache, 'cpu')]);
      for (const length of LENGTHS) {
        const tokenIds = TOKENS.slice(0, length);
        const want = await cpu.prefill(tokenIds);
        expect(nmse(await gpu.prefill(tokenIds), want), `${length} tokens`).toBeLessThan(TOLERANCE[kvCache]);
      }
    });
  }
});

test.each(['small', 'published'] as const)('%s: several rows have the bits of single ones', async (id) => {
  const session = await load(id, 'f16');
  const parts = session['parts'];
  const { vocabSize } = session.config;
  const [rows, one] = await Promise.all([compileForward(parts, 8, 'all'), compileForward(parts, 1, 'last')]);
  for (const position of [0, 250]) {
    const tokenIds = TOKENS.slice(position, position + 8);
    const together = await runForLogits(rows, { tokenIds, position }, 8, vocabSize);
    for (const [row, tokenId] of tokenIds.entries()) {
      const step = { tokenIds: [tokenId], position: position + row };
      const alone = await runForLogits(one, step, 1, vocabSize);
      expect(together.slice(row * vocabSize, (row + 1) * vocabSize)).toEqual(alone.slice());
    }
  }
});

test('a token takes six dispatches per layer, and one more where the keys are many', async () => {
  const session = await load('packed', 'f16');
  const dispatches = async (length: number) => {
    await session.prefill(TOKENS.slice(0, length - 1));
    const before = session.stats().dispatches;
    await session.prefill(TOKENS.slice(0, length));
    return session.stats().dispatches - before;
  };
  // Besides two layers: embedding, norm and head.
  expect(await dispatches(100)).toBe(2 * 6 + 3);
  expect(await dispatches(257)).toBe(2 * 7 + 3);
});
