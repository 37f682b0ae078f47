import { afterEach, expect, test, vi } from 'vitest';
import { fakePage } from '../testing/fakePage';
import { firstPicture } from './firstPicture';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Observers that are told of paints by the returned function. */
function fakePaints(): (name: string) => void {
  const observers: PerformanceObserverCallback[] = [];
  vi.stubGlobal(
    'PerformanceObserver',
    class {
      constructor(callback: PerformanceObserverCallback) {
        observers.push(callback);
      }
      observe() {}
      disconnect() {}
    },
  );
  return (painted) => {
    const getEntriesByName = (name: string) => (name === painted ? [{ name }] : []);
    const entries = { getEntriesByName } as unknown as PerformanceObserverEntryList;
    for (const observer of observers) observer(entries, null!);
  };
}

/** Whether the first picture has been waited for, told at any time. */
function waiting() {
  const state = { isOver: false };
  void firstPicture().then(() => (state.isOver = true));
  return state;
}

test('the page waits for its words to be seen', async () => {
  vi.useFakeTimers();
  fakePage('visible');
  const paint = fakePaints();
  const state = waiting();
  paint('first-paint');
  await vi.advanceTimersByTimeAsync(50);
  expect(state.isOver).toBe(false);
  paint('first-contentful-paint');
  await vi.advanceTimersByTimeAsync(0);
  expect(state.isOver).toBe(true);
});

test('the page does not wait where nobody looks', async () => {
  vi.useFakeTimers();
  fakePage('hidden');
  fakePaints();
  const state = waiting();
  await vi.advanceTimersByTimeAsync(0);
  expect(state.isOver).toBe(true);
});

test('the page waits no longer than a moment where nothing is drawn', async () => {
  vi.useFakeTimers();
  fakePage('visible');
  fakePaints();
  const state = waiting();
  await vi.advanceTimersByTimeAsync(199);
  expect(state.isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.isOver).toBe(true);
});
