import { expect, test } from 'vitest';
import { ActivationPool } from './activationPool';

function poolOfSizes() {
  const destroyed: number[] = [];
  const created: number[] = [];
  const pool = new ActivationPool((byteLength) => {
    created.push(byteLength);
    return { byteLength, destroy: () => destroyed.push(byteLength) };
  });
  return { pool, created, destroyed };
}

test('a second program reuses what fits and adds what does not', () => {
  const { pool, created } = poolOfSizes();
  const first = pool.acquire([100, 400]);
  const second = pool.acquire([50, 300, 60]);
  expect(created).toEqual([400, 100, 50]);
  expect(second[1]).toBe(first[1]);
  expect(second[2]).toBe(first[0]);
  expect(new Set(second).size).toBe(3);
  for (const [i, size] of [50, 300, 60].entries()) expect(second[i]!.byteLength).toBeGreaterThanOrEqual(size);
});

test('what was taken is given back where the rest cannot be had', () => {
  const destroyed: number[] = [];
  const pool = new ActivationPool((byteLength) => {
    if (byteLength < 100) throw new RangeError('no room');
    return { byteLength, destroy: () => destroyed.push(byteLength) };
  });
  const [shared] = pool.acquire([300]);
  expect(() => pool.acquire([300, 200, 50])).toThrow('no room');
  expect(destroyed).toEqual([200]);
  pool.release([shared!]);
  expect(destroyed).toEqual([200, 300]);
});

test('memory lives until its last user releases it', () => {
  const { pool, destroyed } = poolOfSizes();
  const first = pool.acquire([100]);
  const second = pool.acquire([80]);
  pool.release(first);
  expect(destroyed).toEqual([]);
  pool.release(second);
  expect(destroyed).toEqual([100]);
  expect(pool.acquire([10])[0]!.byteLength).toBe(10);
});
