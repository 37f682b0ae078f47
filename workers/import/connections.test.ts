import { afterEach, expect, test, vi } from 'vitest';
import { Connections } from './connections';

let now = 0;
const restore = () => vi.restoreAllMocks();
afterEach(restore);

/** Lets seconds pass on a line that gives `rateOf(count)` bytes per second. */
function run(connections: Connections, seconds: number, rateOf: (count: number) => number): number[] {
  vi.spyOn(performance, 'now').mockImplementation(() => now * 1000);
  const counts: number[] = [];
  for (let step = 0; step < seconds * 10; step++) {
    connections.received(rateOf(connections.count) / 10);
    now += 0.1;
    counts.push(connections.count);
  }
  return counts;
}

test('more connections are made for as long as each makes the transfer faster', () => {
  const connections = new Connections(6);
  expect(connections.count).toBe(2);
  const counts = run(connections, 20, (count) => 1e6 * Math.min(count, 4));
  expect(counts.at(-1)).toBe(4);
  // A fifth is tried, and given up.
  expect(Math.max(...counts)).toBe(5);
});

test('no more than allowed', () => {
  expect(run(new Connections(6), 30, (count) => 1e6 * count).at(-1)).toBe(6);
  expect(run(new Connections(1), 5, (count) => 1e6 * count)).toEqual(Array<number>(50).fill(1));
});

test('a line that is full keeps few, and is tried again only after a rest', () => {
  const counts = run(new Connections(6), 40, () => 1e6);
  const tries = counts.filter((count, i) => count === 3 && counts[i - 1] === 2).length;
  expect(counts.at(-1)).toBeLessThanOrEqual(3);
  expect(tries).toBeGreaterThan(1);
  expect(tries).toBeLessThan(6);
});

test('a failure halves them, and one is always left', () => {
  const connections = new Connections(6);
  run(connections, 30, (count) => 1e6 * count);
  connections.failed();
  expect(connections.count).toBe(3);
  for (let i = 0; i < 5; i++) connections.failed();
  expect(connections.count).toBe(1);
  // They come back when the line is good again.
  expect(run(connections, 60, (count) => 1e6 * count).at(-1)).toBe(6);
});
