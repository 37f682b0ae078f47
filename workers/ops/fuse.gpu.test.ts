import { describe, expect, test } from 'vitest';
import type { KvCacheFormat } from '../protocol/loading';
import type { MatrixFormat } from '../quant/layout';
import { paddedWidth } from '../quant/layout';
import { nmse } from '../testing/allclose';
import { testDevice, variantGpuTest } from '../testing/gpu';
import { RandomModel, SIZES } from '../testing/randomModel';
import { TILE_VARIANTS } from '../testing/variants';
import { GpuBackend } from './gpuBackend';

const TOKEN_IDS = [3, 74, 0, 31, 32, 63, 64, 9];

/** A key or value may round the other way to half or to 8 bits, once in a while. */
const TOLERANCE: Record<KvCacheFormat, number> = { f32: 1e-11, f16: 1e-6, int8: 1e-4 };

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
      expect(nmse(fused.logits, plain.logits)).toBeLessThan(TOLERANCE[kvCache]);
      // Embedding and head are in two and three shards at most.
      expect(fused.dispatches).toBeLessThanOrEqual(5 * SIZES.layers + 8);
      expect(plain.dispatches).toBeGreaterThan(16 * SIZES.layers);
    });
  }
});

const PROMPT = Array.from({ length: 252 }, (_, i) => (i * 7) % SIZES.vocab);

interface LongContext {
  backend: GpuBackend;
  model: RandomModel;
}

/** A model with a prompt in its cache that leaves room for four more tokens in the first chunk of keys. */
async function prompted(fusion: boolean, kvCache: KvCacheFormat): Promise<LongContext> {
  const backend = new GpuBackend(await testDevice({ limits: 'default', features: [] }), { fusion });
  const model = new RandomModel(backend, 'int8', kvCache, PROMPT.length + TOKEN_IDS.length);
  const prefill = await backend.compile(model.graph(PROMPT.length, 'last'));
  await prefill.run({ tokenIds: PROMPT, position: 0 }, 1);
  return { backend, model };
}

/** Logits and dispatches of each token, taken one by one. */
async function decodeOnes({ backend, model }: LongContext) {
  const program = await backend.compile(model.graph(1, 'last'));
  const steps: { logits: Float32Array; dispatches: number }[] = [];
  for (const [i, tokenId] of TOKEN_IDS.entries()) {
    const before = backend.counters.dispatches;
    const logits = await program.run({ tokenIds: [tokenId], position: PROMPT.length + i }, 1);
    steps.push({ logits, dispatches: backend.counters.dispatches - before });
  }
  return steps;
}

describe('a context of more than one chunk of keys', () => {
  for (const kvCache of ['f32', 'f16', 'int8'] as const) {
    test(`${kvCache} cache: the same logits, also of eight at once, and one dispatch more per layer from 257 keys on`, async () => {
      const [fusing, plain] = [await prompted(true, kvCache), await prompted(false, kvCache)];
      const [fused, want] = [await decodeOnes(fusing), await decodeOnes(plain)];
      for (const [i, { logits }] of fused.entries()) {
        // The longer context magnifies the rounding of f32 itself.
        expect(nmse(logits, want[i]!.logits)).toBeLessThan(Math.max(TOLERANCE[kvCache], 1e-9));
      }
      const { dispatches } = fused[0]!;
      const merging = [0, 0, 0, 0, 1, 1, 1, 1].map((merges) => dispatches + merges * SIZES.layers);
      expect(fused.map((step) => step.dispatches)).toEqual(merging);

      const program = await fusing.backend.compile(fusing.model.graph(TOKEN_IDS.length, 'all'));
      const logits = await program.run({ tokenIds: TOKEN_IDS, position: PROMPT.length }, TOKEN_IDS.length);
      const width = logits.length / TOKEN_IDS.length;
      for (const [row, one] of fused.entries()) {
        // To the last bit.
        expect(logits.subarray(row * width, (row + 1) * width)).toEqual(one.logits);
      }
      fusing.backend.destroy();
      plain.backend.destroy();
    });
  }
});

describe('tokens checked together have exactly the logits of tokens taken one by one', () => {
  for (const variant of TILE_VARIANTS) {
    // Wide batches compile slowly.
    const capacity = variant === 'f32' ? 8 : 2;
    variantGpuTest(`${variant}, ${capacity} rows`, variant, async (device) => {
      const backend = new GpuBackend(device, { kernels: { matvec: variant, matmul: 'f32' } });
      const model = new RandomModel(backend, 'int4', 'f16', TOKEN_IDS.length);
      const one = await backend.compile(model.graph(1, 'last'));
      const several = await backend.compile(model.graph(capacity, 'all'));
      const width = paddedWidth(SIZES.vocab);
      for (let position = 0; position < TOKEN_IDS.length; position += capacity) {
        const tokenIds = TOKEN_IDS.slice(position, position + capacity);
        const together = await several.run({ tokenIds, position }, tokenIds.length);
        for (const [i, tokenId] of tokenIds.entries()) {
          const alone = await one.run({ tokenIds: [tokenId], position: position + i }, 1);
          expect(together.subarray(i * width, (i + 1) * width)).toEqual(alone);
        }
      }
    });
  }
});
