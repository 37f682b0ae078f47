import { describe, expect, test } from 'vitest';
import type { KvCacheFormat } from '../protocol';
import type { MatrixFormat } from '../quant/layout';
import { nmse } from '../testing/allclose';
import { testDevice } from '../testing/gpu';
import { RandomModel, SIZES } from '../testing/randomModel';
import { GpuBackend } from './gpuBackend';

const TOKEN_IDS = [3, 74, 0, 31, 32, 63, 64, 9];

/** Logits after the tokens, taken one by one, and the dispatches of a token. */
async function decode(fusion: boolean, weights: MatrixFormat, kvCache: KvCacheFormat) {
  const backend = new GpuBackend(await testDevice({ limits: 'default', features: [] }), { fusion });
  const model = new RandomModel(backend, weights, kvCache, TOKEN_IDS.length);
  const program = await backend.compile(model.graph(1, 'last'));
  let logits = new Float32Array();
  for (const [position, tokenId] of TOKEN_IDS.entries()) {
    logits = await program.run({ tokenIds: [tokenId], position }, 1);
  }
  const dispatches = backend.counters.dispatches / TOKEN_IDS.length;
  backend.destroy();
  return { logits, dispatches };
}

describe('fused and unfused decoding give the same logits', () => {
  for (const [weights, kvCache] of [
    ['int4', 'f16'],
    ['int4-affine', 'int8'],
    ['int8', 'f32'],
    ['int8-affine', 'f32'],
    ['f16', 'f32'],
    ['f32', 'f32'],
  ] as const) {
    test(`${weights} weights, ${kvCache} cache`, async () => {
      const fused = await decode(true, weights, kvCache);
      const plain = await decode(false, weights, kvCache);
      // A key or value may round the other way to half or to 8 bits, once in a while.
      const tolerance = kvCache === 'f32' ? 1e-11 : kvCache === 'f16' ? 1e-6 : 1e-4;
      expect(nmse(fused.logits, plain.logits)).toBeLessThan(tolerance);
      // Embedding and head are in two and three shards at most.
      expect(fused.dispatches).toBeLessThanOrEqual(6 * SIZES.layers + 8);
      expect(plain.dispatches).toBeGreaterThan(16 * SIZES.layers);
    });
  }
});
