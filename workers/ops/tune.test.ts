import { expect, test } from 'vitest';
import { cutTo, fastestOf } from './tune';

test('samplers take turns until the time is over, and the least of each counts', async () => {
  let clock = 0;
  const taken: string[] = [];
  const sampler = (name: string, times: number[]) => async () => {
    const time = times[taken.filter((other) => other === name).length]!;
    taken.push(name);
    clock += time;
    return time;
  };
  const samplers = [sampler('a', [9, 5, 7, 6, 8]), sampler('b', [4, 40, 4, 3, 4])];
  expect(await fastestOf(samplers, 70, () => clock)).toEqual([5, 3]);
  expect(taken.join('')).toBe('abababab');
});

test('three rounds at least, however slow', async () => {
  let clock = 0;
  const slow = async () => (clock += 1000);
  expect(await fastestOf([slow], 10, () => clock)).toEqual([1000]);
  expect(clock).toBe(3000);
});

test('a large matrix is cut to whole tiles', () => {
  expect(cutTo(1000 * 288, { format: 'int4', rows: 4096, columns: 288 })).toEqual({
    format: 'int4',
    rows: 992,
    columns: 288,
  });
  expect(cutTo(1000 * 288, { format: 'int4', rows: 70, columns: 288 }).rows).toBe(70);
  expect(cutTo(10, { format: 'int4', rows: 70, columns: 288 }).rows).toBe(32);
});
