import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline } from './deadline';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const after = <T>(milliseconds: number, value: T) =>
  new Promise<T>((resolve) => void setTimeout(() => resolve(value), milliseconds));

test('work that is done in time is waited for, with its failure', async () => {
  const deadline = new Deadline(100);
  const done = deadline.wait(after(99, 'done'), null);
  await vi.advanceTimersByTimeAsync(99);
  expect(await done).toBe('done');
  expect(deadline.isOver).toBe(false);
  await expect(deadline.wait(Promise.reject(new Error('failed')), null)).rejects.toThrow('failed');
  expect(vi.getTimerCount()).toBe(0);
});

test('a fraction of a millisecond is waited for as well', async () => {
  const deadline = new Deadline(99.5);
  const waited = vi.fn();
  void deadline.wait(after(200, null), 'late').then(waited);
  await vi.advanceTimersByTimeAsync(99);
  expect(waited).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(waited).toHaveBeenCalledWith('late');
});

test('it is over where something was given up, though a timer came early', async () => {
  const deadline = new Deadline(100);
  const waited = deadline.wait(after(200, null), 'late');
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 99);
  await vi.advanceTimersByTimeAsync(100);
  expect(await waited).toBe('late');
  expect(deadline.isOver).toBe(true);
});

test('nothing is waited for beyond the end, and what fails then is nobody’s', async () => {
  const deadline = new Deadline(100);
  const failing = after(200, null).then(() => Promise.reject(new Error('late')));
  const waited = deadline.wait(failing, 'late');
  await vi.advanceTimersByTimeAsync(100);
  expect(await waited).toBe('late');
  expect(deadline.isOver).toBe(true);
  await vi.advanceTimersByTimeAsync(100);
});
