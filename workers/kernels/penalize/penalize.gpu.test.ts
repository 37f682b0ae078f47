import { expect } from 'vitest';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { PLAIN_SAMPLING, randomLogits } from '../../testing/samplingProbs';
import { samplingBytes, SEEN, SEGMENT_TOKENS, type Sampling } from '../shared/sampling';
import { penalize } from './penalize';
import { penalizeReference } from './penalize.reference';

const NEUTRAL: Sampling = { ...PLAIN_SAMPLING, temperature: 0.7 };
const PENALTIES: Partial<Sampling>[] = [
  {},
  { repetitionPenalty: 1.5 },
  { presencePenalty: 1.2 },
  { frequencyPenalty: 0.7 },
  { frequencyPenalty: -0.5, presencePenalty: 2, repetitionPenalty: 0.9 },
];

async function check(device: GPUDevice, vocabSize: number, rows: number, penalties: Partial<Sampling>) {
  const sampling = { ...NEUTRAL, ...penalties };
  const width = Math.ceil(vocabSize / 32) * 32;
  const random = new Random(vocabSize);
  // A prompt token, one generated twice, and the others never seen.
  const history = Uint32Array.from({ length: vocabSize }, () => [0, SEEN, SEEN + 2, 0][random.below(4)]!);
  const logits = randomLogits((rows + 1) * width, 3, rows);
  const penalized = new Float32Array((rows + 1) * width).fill(777);
  const segmentCount = Math.ceil(vocabSize / SEGMENT_TOKENS);
  const segments = new Float32Array((rows + 1) * segmentCount * 2).fill(777);
  const launch = penalize({ vocabSize, width });
  await runLaunch(device, launch, { rows }, [samplingBytes(sampling), logits, history, penalized, segments]);
  for (let row = 0; row < rows; row++) {
    const want = penalizeReference(logits.subarray(row * width, row * width + vocabSize), history, sampling);
    expect(nmse(penalized.subarray(row * width, row * width + vocabSize), want)).toBeLessThan(1e-13);
    for (let segment = 0; segment < segmentCount; segment++) {
      const values = Array.from(want).slice(segment * SEGMENT_TOKENS, (segment + 1) * SEGMENT_TOKENS);
      const largest = Math.max(...values);
      const sum = values.reduce((total, value) => total + Math.exp((value - largest) / sampling.temperature), 0);
      const [gotLargest, gotSum] = segments.subarray(2 * (row * segmentCount + segment));
      expect(gotLargest).toBeCloseTo(largest, 5);
      expect(gotSum! / sum).toBeCloseTo(1, 5);
    }
  }
  expect(penalized.subarray(rows * width).every((value) => value === 777)).toBe(true);
  expect(segments.subarray(rows * segmentCount * 2).every((value) => value === 777)).toBe(true);
}

for (const penalties of PENALTIES) {
  gpuTest(`penalize with ${JSON.stringify(penalties)}`, ({ device }) => check(device, 1100, 1, penalties));
}

for (const [vocabSize, rows] of [
  [75, 1],
  [512, 8],
  [513, 3],
  [2000, 2],
] as const) {
  gpuTest(`penalize ${rows} rows of ${vocabSize}`, ({ device }) => check(device, vocabSize, rows, PENALTIES[4]!));
}

maxGpuTest('penalize with all that the adapter offers', ({ device }) => check(device, 700, 3, PENALTIES[4]!));
