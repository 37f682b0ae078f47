import { expect, test } from 'vitest';
import { erf } from './bias.reference';

test('erf has the values of the tables', () => {
  for (const [x, want] of [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [-1.5, -0.9661051464753108],
    [3, 0.9999779095030014],
    [10, 1],
  ] as const) {
    expect(erf(x)).toBeCloseTo(want, 14);
  }
});
