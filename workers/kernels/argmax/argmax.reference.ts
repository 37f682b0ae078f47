import { NO_TOKEN } from '../shared/sampling';

/** The first index of the largest value; NO_TOKEN where it is not finite or some value is NaN. */
export function argmaxReference(values: ArrayLike<number>): number {
  let best = NO_TOKEN;
  let largest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) return NO_TOKEN;
    if (value > largest) {
      largest = value;
      best = i;
    }
  }
  return largest === Infinity ? NO_TOKEN : best;
}
