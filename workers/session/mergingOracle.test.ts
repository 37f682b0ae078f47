import 'fake-indexeddb/auto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ops } from '../ops/graph';
import { CpuBackend } from '../ops/cpuBackend';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { goldenFile, hasOracle, oracleFiles } from '../testing/oracle';
import { loadModel } from './loadModel';
import type { Session } from './session';

const MODEL = 'tiny-minicpmv-4.6';

describe.skipIf(!hasOracle)('text', () => {
  let session: Session;
  beforeAll(async () => {
    const database = newDatabase();
    const { id } = await importModel(oracleFiles(`${MODEL}/safetensors-bf16`), { database, quantization: 'f32' });
    const { signal } = new AbortController();
    session = await loadModel(new WeightStore(database), { backend: 'cpu' }, id, { kvCache: 'f32' }, () => undefined, signal);
  });
  test('goldens', async () => {
    const { prompts, tensor } = goldenFile(MODEL, 'bf16');
    for (const prompt of prompts.filter(({ image }) => !image)) {
      const { logits } = await session.forward({ tokenIds: prompt.input_ids }, 'last');
      const want = tensor(`p${prompt.index}.logits_last`)!.values;
      const difference = want.reduce((most, logit, i) => Math.max(most, Math.abs(logits[i]! - logit)), 0);
      console.log(prompt.index, difference / prompt.logits_std);
    }
  });
});
