import { expect, test, vi } from 'vitest';
import { AsyncQueue } from './asyncQueue';

test('values come out in order, whether pushed before or after they are asked for', async () => {
  const queue = new AsyncQueue<number>(() => undefined);
  queue.push(1);
  const asked = [queue.next(), queue.next(), queue.next()];
  queue.push(2);
  queue.push(3);
  queue.end();
  expect(await Promise.all(asked)).toEqual([1, 2, 3].map((value) => ({ done: false, value })));
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test('a failure comes after the values before it, once', async () => {
  const queue = new AsyncQueue<number>(() => undefined);
  queue.push(1);
  queue.fail(new Error('broken'));
  expect(await queue.next()).toEqual({ done: false, value: 1 });
  await expect(queue.next()).rejects.toThrow('broken');
  expect((await queue.next()).done).toBe(true);
});

test('leaving the loop tells the producer, whose late values and failures are dropped', async () => {
  const onReturn = vi.fn();
  const queue = new AsyncQueue<number>(onReturn);
  queue.push(1);
  queue.push(2);
  for await (const value of queue) {
    expect(value).toBe(1);
    break;
  }
  queue.push(3);
  queue.fail(new Error('too late'));
  expect((await queue.next()).done).toBe(true);
  expect(onReturn).toHaveBeenCalledOnce();
});

test('a loop that ran to the end has nothing to stop', async () => {
  const onReturn = vi.fn();
  const queue = new AsyncQueue<number>(onReturn);
  queue.end();
  await queue.return();
  expect(onReturn).not.toHaveBeenCalled();
});
