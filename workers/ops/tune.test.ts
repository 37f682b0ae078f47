import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline } from './deadline';
import { fastestOf } from './tune';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Takes, and gives, so many milliseconds in turn; `taken` is told each time. */
function sampler(name: string, times: number[], taken: string[]): () => Promise<number> {
  let next = 0;
  return async () => {
    const time = times[next++]!;
    taken.push(name);
    vi.advanceTimersByTime(time);
    return time;
  };
}

test('samplers take turns until the time is over, and the least of each counts', async () => {
  const taken: string[] = [];
  const samplers = [sampler('a', [9, 5, 7, 6, 8], taken), sampler('b', [4, 40, 4, 3, 4], taken)];
  expect(await fastestOf(samplers, 70, new Deadline(1000))).toEqual([5, 3]);
  expect(taken.join('')).toBe('abababab');
});

test('three rounds at least, however slow', async () => {
  const taken: string[] = [];
  expect(await fastestOf([sampler('a', [1000, 900, 800, 700], taken)], 10, new Deadline(60_000))).toEqual([800]);
});

test('a deadline ends the rounds, but not the first', async () => {
  const taken: string[] = [];
  const samplers = [sampler('a', [30, 20, 10], taken), sampler('b', [30, 40, 50], taken)];
  expect(await fastestOf(samplers, 1000, new Deadline(10))).toEqual([30, 30]);
  expect(taken.join('')).toBe('ab');
  expect(await fastestOf(samplers, 1000, new Deadline(60))).toEqual([20, 40]);
  expect(taken.join('')).toBe('abab');
});
