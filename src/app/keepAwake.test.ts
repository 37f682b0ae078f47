import { afterEach, expect, test, vi } from 'vitest';
import { fakePage } from '../testing/fakePage';
import { keepAwake } from './keepAwake';

afterEach(() => vi.unstubAllGlobals());

/** A screen, and how many locks keep it on; each request is answered a while later, or refused. */
function fakeScreen(isRefused = false) {
  const screen = { locks: 0, requests: 0 };
  const request = async () => {
    screen.requests++;
    if (isRefused) throw new DOMException('the battery is low', 'NotAllowedError');
    screen.locks++;
    return { release: async () => void screen.locks-- };
  };
  vi.stubGlobal('navigator', { wakeLock: { request } });
  return screen;
}

const soon = () => new Promise((resolve) => setTimeout(resolve));

test('the screen stays on until it is let go', async () => {
  fakePage('visible');
  const screen = fakeScreen();
  const letGo = keepAwake();
  await soon();
  expect(screen.locks).toBe(1);
  letGo();
  await soon();
  expect(screen.locks).toBe(0);
});

test('a lock that comes when nothing needs it any more is given back', async () => {
  fakePage('visible');
  const screen = fakeScreen();
  keepAwake()();
  await soon();
  expect(screen).toEqual({ locks: 0, requests: 1 });
});

test('back in sight the lock is asked for again, since the browser has taken it away', async () => {
  const page = fakePage('hidden');
  const screen = fakeScreen();
  const letGo = keepAwake();
  await soon();
  expect(screen.requests).toBe(0);
  page.show('visible');
  await soon();
  screen.locks = 0;
  page.show('hidden');
  page.show('visible');
  await soon();
  expect(screen).toEqual({ locks: 1, requests: 2 });
  letGo();
  page.show('visible');
  await soon();
  expect(screen).toEqual({ locks: 0, requests: 2 });
});

test('where it is refused, or not known, nothing happens', async () => {
  fakePage('visible');
  fakeScreen(true);
  const letGo = keepAwake();
  await soon();
  expect(letGo).not.toThrow();
  vi.stubGlobal('navigator', {});
  expect(keepAwake()).not.toThrow();
  // A refusal that nobody catches would end the test.
  await soon();
});
