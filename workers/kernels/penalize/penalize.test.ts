import { expect, test } from 'vitest';
import { PLAIN_SAMPLING } from '../../testing/samplingProbs';
import { SEEN } from '../shared/sampling';
import { penalizeReference } from './penalize.reference';

test('penalties fall on what was seen, as often as it was generated', () => {
  const logits = Float32Array.from([2, -2, 2, -2, 2]);
  // Never seen, never seen, in the prompt, in the prompt, generated three times.
  const history = [0, 0, SEEN, SEEN, SEEN + 3];
  const penalties = { repetitionPenalty: 2, presencePenalty: 0.5, frequencyPenalty: 0.25 };
  const penalized = penalizeReference(logits, history, { ...PLAIN_SAMPLING, ...penalties });
  expect([...Array.from(penalized)]).toEqual([2, -2, 1, -4, 1 - 0.5 - 0.75]);
  expect([...logits]).toEqual([2, -2, 2, -2, 2]);
});
