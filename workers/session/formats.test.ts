import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import type { Quantization } from '../protocol/model';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { goldenLogits, hasOracle, oracleFiles } from '../testing/oracle';
import { loadModel } from './loadModel';

/** What the formats of checkpoints come to: logits of the reference models, on the CPU backend with an f32 cache. */

/** The oracle's README: f32 throughout, and weights rounded to what the format holds. */
const TOLERANCES = { f32: 1e-3, auto: 2e-2 };

const FORMATS = [
  ['tiny-minicpm-2b', 'pytorch-bin', 'bf16'],
  ['tiny-minicpm-2b', 'gptq-int4-g32', 'gptq-int4-g32'],
  ['tiny-minicpm-2b', 'gptq-int4-g128-actorder', 'gptq-int4-g128-actorder'],
  ['tiny-minicpm-1b', 'gptq-int4-g128', 'gptq-int4-g128'],
  ['tiny-minicpm3', 'safetensors-bf16', 'bf16'],
  ['tiny-minicpm3', 'gptq-int4-g64', 'gptq-int4-g64'],
  ['tiny-minicpm4', 'gptq-int4-g128', 'gptq-int4-g128'],
  ['tiny-minicpm5', 'gptq-int4-g128', 'gptq-int4-g128'],
] as const;

/** The largest difference from a golden logit, in standard deviations of the logits. */
async function worstError(model: string, folder: string, variant: string, quantization: Quantization): Promise<number> {
  const database = newDatabase();
  const { id } = await importModel(oracleFiles(`${model}/${folder}`), { database, quantization });
  const { signal } = new AbortController();
  const request = quantization === 'f32' ? { kvCache: 'f32' as const } : {};
  const session = await loadModel(new WeightStore(database), { backend: 'cpu' }, id, request, () => undefined, signal);
  let worst = 0;
  for (const { inputIds, logitsLast, logitsStd } of goldenLogits(model, variant)) {
    const { logits } = await session.forward({ tokenIds: inputIds }, 'last');
    const difference = logitsLast.reduce((most, logit, i) => Math.max(most, Math.abs(logits[i]! - logit)), 0);
    worst = Math.max(worst, difference / logitsStd);
  }
  await session.dispose();
  return worst;
}

describe.skipIf(!hasOracle)('logits of the reference', () => {
  test.each(FORMATS)('%s from %s', { timeout: 120_000 }, async (model, folder, variant) => {
    const exact = await worstError(model, folder, variant, 'f32');
    expect(exact).toBeLessThan(TOLERANCES.f32);
    if (variant === 'bf16') return;
    const stored = await worstError(model, folder, variant, 'auto');
    expect(stored).toBeLessThan(TOLERANCES.auto);
  });
});
