import { describe, expect, test } from 'vitest';
import { randomLogits, softmax } from '../testing/samplingProbs';
import { logprobsOf } from './logprobs';

describe('logprobsOf', () => {
  test.each([1, 4, 100])('agrees with the reference, scale %d', (scale) => {
    const logits = randomLogits(500, scale, 3);
    const logs = softmax(Array.from(logits)).map(Math.log);
    const order = logs.map((_, id) => id).sort((a, b) => logits[b]! - logits[a]! || a - b);
    const { logprob, top } = logprobsOf(logits, 17, 5);
    // The reference underflows where the logarithm does not.
    if (logs[17]! > -700) expect(logprob).toBeCloseTo(logs[17]!, 9);
    expect(top.map(({ tokenId }) => tokenId)).toEqual(order.slice(0, 5));
    expect(top[0]!.logprob).toBeCloseTo(logs[order[0]!]!, 9);
  });

  test('equals in order of id, no more than there are, none where none are asked', () => {
    const logits = Float32Array.from([1, 1, 2, 1]);
    expect(logprobsOf(logits, 0, 3).top.map(({ tokenId }) => tokenId)).toEqual([2, 0, 1]);
    expect(logprobsOf(logits, 0, 20).top).toHaveLength(4);
    expect(logprobsOf(logits, 0, 0).top).toEqual([]);
  });

  test('-Infinity and huge logits', () => {
    const { logprob, top } = logprobsOf(Float32Array.from([-Infinity, 1e30, -1e30]), 0, 2);
    expect(logprob).toBe(-Infinity);
    expect(top[0]).toEqual({ tokenId: 1, logprob: 0 });
  });
});
