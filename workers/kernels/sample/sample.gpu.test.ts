import { describe, expect } from 'vitest';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { runLaunch } from '../../testing/runLaunch';
import {
  followsDistribution,
  PLAIN_SAMPLING,
  randomLogits,
  SAMPLING_FEATURES,
  samplingProbs,
} from '../../testing/samplingProbs';
import { penalize } from '../penalize/penalize';
import { NO_TOKEN, samplingBytes, SEEN, SEGMENT_TOKENS, type Sampling } from '../shared/sampling';
import { sample } from './sample';
import { sampleReference } from './sample.reference';

interface Prepared {
  penalized: Float32Array<ArrayBuffer>;
  segments: Float32Array<ArrayBuffer>;
}

/** What `penalize` leaves to `sample` for logits without a past. */
async function prepare(device: GPUDevice, logits: Float32Array<ArrayBuffer>, sampling: Sampling): Promise<Prepared> {
  const vocabSize = logits.length;
  const penalized = new Float32Array(vocabSize);
  const segments = new Float32Array(2 * Math.ceil(vocabSize / SEGMENT_TOKENS));
  const launch = penalize({ vocabSize, width: vocabSize });
  const history = new Uint32Array(vocabSize);
  await runLaunch(device, launch, { rows: 1 }, [samplingBytes(sampling), logits, history, penalized, segments]);
  return { penalized, segments };
}

async function draw(device: GPUDevice, { penalized, segments }: Prepared, sampling: Sampling, position: number) {
  const step = new Uint32Array([position, 1]);
  const history = new Uint32Array(penalized.length);
  const tokenIds = new Uint32Array(1);
  const sampled = new Uint32Array(1);
  const operands = [step, samplingBytes(sampling), penalized, segments, history, tokenIds, sampled];
  await runLaunch(device, sample({ vocabSize: penalized.length }), null, operands);
  return { token: sampled[0]!, step, history, tokenIds };
}

describe('sample draws what the reference draws', () => {
  for (const [name, feature] of [...SAMPLING_FEATURES, ['greedy', { temperature: 0 }]] as const) {
    gpuTest(name, async ({ device }) => {
      for (const [vocabSize, scale] of [
        [75, 2],
        [1500, 1],
        [5000, 5],
      ] as const) {
        const logits = randomLogits(vocabSize, scale, vocabSize);
        const sampling = { ...PLAIN_SAMPLING, ...feature };
        const prepared = await prepare(device, logits, sampling);
        const seeds = Array.from({ length: 6 }, (_, i) => 1 + i * (2 ** 33 + 12_345));
        for (const seed of seeds) {
          const { token } = await draw(device, prepared, { ...sampling, seed }, seed % 1000);
          expect(token).toBe(sampleReference(logits, { ...sampling, seed }, seed % 1000));
        }
      }
    });
  }
});

gpuTest('sample: draws follow the distribution by the book', async ({ device }) => {
  const sampling = { ...PLAIN_SAMPLING, temperature: 0.8, topK: 30, topP: 0.9, minP: 0.01 };
  const logits = randomLogits(600, 2, 3);
  const prepared = await prepare(device, logits, sampling);
  const counts = new Array<number>(600).fill(0);
  for (let seed = 0; seed < 500; seed++) counts[(await draw(device, prepared, { ...sampling, seed }, 3)).token]!++;
  expect(followsDistribution(counts, samplingProbs(logits, sampling))).toBe(true);
});

maxGpuTest('sample leaves the token to the next step and to the history', async ({ device }) => {
  const logits = randomLogits(700, 1, 1);
  logits[650] = 9;
  const greedy = { ...PLAIN_SAMPLING, temperature: 0 };
  const { step, tokenIds, history } = await draw(device, await prepare(device, logits, greedy), greedy, 41);
  expect([...step]).toEqual([42, 1]);
  expect(tokenIds[0]).toBe(650);
  expect(history[650]).toBe(SEEN + 1);
  expect(history.filter((past) => past !== 0)).toHaveLength(1);
});

describe('sample: extremes', () => {
  for (const [name, feature] of SAMPLING_FEATURES) {
    gpuTest(`${name}: huge, tiny and impossible logits`, async ({ device }) => {
      const logits = Float32Array.from([-Infinity, -1e30, 1e30, -Infinity, 1e29, 0]);
      const sampling = { ...PLAIN_SAMPLING, ...feature };
      const prepared = await prepare(device, logits, sampling);
      expect((await draw(device, prepared, sampling, 5)).token).toBe(2);
    });
  }

  gpuTest('logits that are no numbers have no token', async ({ device }) => {
    for (const logits of [
      [0, NaN, 1],
      [0, Infinity],
      [-Infinity, -Infinity],
    ]) {
      for (const temperature of [0, 1]) {
        const sampling = { ...PLAIN_SAMPLING, temperature };
        const prepared = await prepare(device, Float32Array.from(logits), sampling);
        const { token, step } = await draw(device, prepared, sampling, 5);
        expect(token).toBe(NO_TOKEN);
        expect(step[0]).toBe(5);
      }
    }
  });
});
