import { expect, test } from 'vitest';
import { Pace } from './pace';

/** A pace after `count` tokens that came `ms` apart. */
function paceOf(ms: number, count = 12): Pace {
  const pace = new Pace(32);
  for (let i = 0; i < count; i++) pace.arrived(1000 + i * ms);
  return pace;
}

test('two in flight until the speed is known', () => {
  expect(new Pace(32).depth).toBe(2);
  expect(paceOf(5, 1).depth).toBe(2);
});

test.each([
  [250, 2],
  [50, 2],
  [20, 5],
  [10, 10],
  [1, 32],
  [0, 32],
])('tokens every %d ms: %d in flight, a tenth of a second of work', (ms, depth) => {
  expect(paceOf(ms).depth).toBe(depth);
});

test('never more than the loop allows', () => {
  const pace = new Pace(1);
  for (let i = 0; i < 5; i++) pace.arrived(i);
  expect(pace.depth).toBe(1);
});

test('old arrivals are forgotten, and a pause does not count', () => {
  const pace = paceOf(100);
  for (let i = 1; i <= 8; i++) pace.arrived(3000 + i * 10);
  expect(pace.tokenMs).toBeCloseTo(10);
  pace.pause();
  pace.arrived(9000);
  pace.arrived(9010);
  expect(pace.tokenMs).toBeCloseTo(10);
});

/** Milliseconds for `count` tokens of a device that computes one after the other and tells of each `latencyMs` later. */
function millisecondsOf(count: number, tokenMs: number, latencyMs: number): number {
  const pace = new Pace(32);
  const known: number[] = [];
  let [now, submitted, deviceFree] = [0, 0, 0];
  for (let arrived = 0; arrived < count; arrived++) {
    for (; submitted < arrived + pace.depth; submitted++) {
      deviceFree = Math.max(deviceFree, now) + tokenMs;
      known.push(deviceFree + latencyMs);
    }
    now = known[arrived]!;
    pace.arrived(now);
  }
  return now;
}

test.each([1, 4, 10, 40])('read-backs 20 ms later cost tokens of %d ms less than a tenth of the speed', (tokenMs) => {
  expect(millisecondsOf(1000, tokenMs, 20) / millisecondsOf(1000, tokenMs, 0)).toBeLessThan(1.1);
});
