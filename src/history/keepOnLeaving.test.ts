import { afterEach, expect, test, vi } from 'vitest';
import { fakePage } from '../testing/fakePage';
import { keepOnLeaving } from './keepOnLeaving';

afterEach(() => vi.unstubAllGlobals());

test('a page is stored when it is hidden, and left behind when it is frozen or goes away', () => {
  const page = fakePage('visible');
  const calls: string[] = [];
  const stop = keepOnLeaving({ flush: () => calls.push('flush'), leave: () => calls.push('leave') });
  page.show('hidden');
  expect(calls).toEqual(['flush']);
  page.freeze();
  expect(calls).toEqual(['flush', 'leave']);
  // Coming back is no reason to store anything.
  page.show('visible');
  page.hide();
  expect(calls).toEqual(['flush', 'leave', 'leave']);
  stop();
  page.show('hidden');
  page.freeze();
  page.hide();
  expect(calls).toHaveLength(3);
});
