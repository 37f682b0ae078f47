import { afterEach, expect, test, vi } from 'vitest';
import { retryAfterSeconds, retrying, TransientError } from './retry';
import { createTransfer } from './transfer';

const waits: number[] = [];

function waitNot() {
  waits.length = 0;
  vi.stubGlobal('setTimeout', (resolve: () => void, milliseconds: number) => {
    waits.push(milliseconds / 1000);
    resolve();
  });
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const { settings } = createTransfer();
const failing = (error: Error) => retrying('x/y', settings, () => Promise.reject(error));

test('waits grow twofold, each with a random part, until nobody believes in it any more', async () => {
  for (const [random, share] of [
    [0, 0.5],
    [0.999_999, 1],
  ] as const) {
    waitNot();
    vi.spyOn(Math, 'random').mockReturnValue(random);
    await expect(failing(new TransientError('it broke'))).rejects.toMatchObject({
      name: 'NetworkError',
      message: 'x/y: it broke.',
    });
    expect(waits.map((seconds) => Number((seconds / share).toFixed(3)))).toEqual([0.5, 1, 2, 4, 8, 16]);
  }
});

test('what the server asks for is waited, neither more nor less', async () => {
  waitNot();
  await expect(failing(new TransientError('busy', { retryAfter: 7 }))).rejects.toMatchObject({ name: 'NetworkError' });
  expect(waits).toEqual([7, 7, 7, 7, 7, 7]);
});

test('other errors are not tried again', async () => {
  waitNot();
  await expect(failing(new RangeError('no'))).rejects.toThrow(RangeError);
  expect(waits).toEqual([]);
});

test('Retry-After is a number of seconds or a date', () => {
  expect(retryAfterSeconds('12')).toBe(12);
  expect(retryAfterSeconds(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(57);
  expect(retryAfterSeconds(new Date(Date.now() - 60_000).toUTCString())).toBe(0);
  expect(retryAfterSeconds('soon')).toBeNull();
  expect(retryAfterSeconds(null)).toBeNull();
});
