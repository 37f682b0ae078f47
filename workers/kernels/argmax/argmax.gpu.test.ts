import { describe, expect } from 'vitest';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { runLaunch } from '../../testing/runLaunch';
import { PLAIN_SAMPLING, randomLogits } from '../../testing/samplingProbs';
import { penalize } from '../penalize/penalize';
import { NO_TOKEN, samplingBytes, SEGMENT_TOKENS } from '../shared/sampling';
import { argmax } from './argmax';
import { argmaxReference } from './argmax.reference';

/** Greedy choices of rows of logits, [rows, vocabSize], of which there are one more than the step has. */
async function choices(device: GPUDevice, logits: Float32Array<ArrayBuffer>, vocabSize: number): Promise<number[]> {
  const rows = logits.length / vocabSize - 1;
  const penalized = new Float32Array(logits.length);
  const segments = new Float32Array(2 * (rows + 1) * Math.ceil(vocabSize / SEGMENT_TOKENS));
  const best = new Uint32Array(rows + 1).fill(777);
  const shape = { vocabSize, width: vocabSize };
  const sampling = samplingBytes({ ...PLAIN_SAMPLING, temperature: 0 });
  const history = new Uint32Array(vocabSize);
  await runLaunch(device, penalize(shape), { rows }, [sampling, logits, history, penalized, segments]);
  await runLaunch(device, argmax(shape), { rows }, [penalized, segments, best]);
  expect(best[rows]).toBe(777);
  return [...best.subarray(0, rows)];
}

async function check(device: GPUDevice, vocabSize: number, rows: number) {
  const logits = randomLogits((rows + 1) * vocabSize, 2, vocabSize);
  const want = Array.from({ length: rows }, (_, row) =>
    argmaxReference(logits.subarray(row * vocabSize, (row + 1) * vocabSize)),
  );
  expect(await choices(device, logits, vocabSize)).toEqual(want);
}

for (const [vocabSize, rows] of [
  [64, 1],
  [512, 8],
  [1537, 3],
  [50_000, 2],
] as const) {
  gpuTest(`argmax of ${rows} rows of ${vocabSize}`, ({ device }) => check(device, vocabSize, rows));
}

maxGpuTest('argmax with all that the adapter offers', ({ device }) => check(device, 700, 3));

describe('argmax: extremes', () => {
  gpuTest('the first of equals, in another segment or the same', async ({ device }) => {
    const logits = new Float32Array(2 * 1200);
    for (const token of [1100, 700, 600]) logits[token] = 5;
    expect(await choices(device, logits, 1200)).toEqual([600]);
  });

  gpuTest('logits that are no numbers have no token', async ({ device }) => {
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
    const rows = [
      [0, nan, 1],
      [0, infinity, 1],
      [-infinity, -infinity, -infinity],
      [-infinity, -5, -infinity],
      [0, 0, 0],
    ];
    expect(await choices(device, Float32Array.from(rows.flat()), 3)).toEqual([NO_TOKEN, NO_TOKEN, NO_TOKEN, 1]);
  });
});
