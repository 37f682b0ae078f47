import 'fake-indexeddb/auto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { KvCacheFormat } from '../protocol/loading';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { Random } from '../testing/random';
import { loadModel } from './loadModel';

/** What rounding keys and values costs: models of the reference folder with their own f32 weights, on the CPU backend. */

const ORACLE = '../shared/oracle';
const TOKENS = 250;

/** Bounds of the largest difference of a logit, in standard deviations of the logits, and of equal first choices. */
const BOUNDS = { f16: { error: 0.01, agreement: 0.99 }, int8: { error: 0.3, agreement: 0.92 } };

function readFolder(folder: string): File[] {
  return readdirSync(folder).map((name) => new File([readFileSync(`${folder}/${name}`)], name));
}

async function logitsOfAll(database: string, id: string, kvCache: KvCacheFormat, tokenIds: number[]) {
  const { signal } = new AbortController();
  const request = { kvCache, contextLength: TOKENS };
  const session = await loadModel(new WeightStore(database), { backend: 'cpu' }, id, request, () => undefined, signal);
  const { logits, vocabSize } = await session.forward({ tokenIds }, 'all');
  await session.dispose();
  return Array.from({ length: TOKENS }, (_, m) => logits.subarray(m * vocabSize, (m + 1) * vocabSize));
}

function compare(got: Float32Array[], want: Float32Array[]) {
  const all = want.flatMap((row) => [...row]);
  const mean = all.reduce((sum, logit) => sum + logit, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / all.length);
  const worst = want.map((row, m) => row.reduce((most, logit, i) => Math.max(most, Math.abs(got[m]![i]! - logit)), 0));
  const choice = (row: Float32Array) => row.indexOf(row.reduce((most, logit) => Math.max(most, logit), -Infinity));
  const agreement = want.filter((row, m) => choice(row) === choice(got[m]!)).length / TOKENS;
  return { error: Math.max(...worst) / deviation, agreement };
}

for (const model of ['tiny-minicpm-1b', 'tiny-minicpm-2b', 'tiny-minicpm3']) {
  const folder = `${ORACLE}/${model}/safetensors-bf16`;
  test.skipIf(!existsSync(folder))(
    `${model}: an f16 and an int8 cache change logits little`,
    async () => {
      const database = newDatabase();
      const { id, info } = await importModel(readFolder(folder), { database, quantization: 'f32' });
      const random = new Random(1);
      const tokenIds = Array.from({ length: TOKENS }, () => random.below(info.vocabSize));
      const want = await logitsOfAll(database, id, 'f32', tokenIds);
      for (const kvCache of ['f16', 'int8'] as const) {
        const { error, agreement } = compare(await logitsOfAll(database, id, kvCache, tokenIds), want);
        expect(error, kvCache).toBeLessThan(BOUNDS[kvCache].error);
        expect(agreement, kvCache).toBeGreaterThan(BOUNDS[kvCache].agreement);
      }
    },
    120_000,
  );
}
