import { afterEach, expect, test, vi } from 'vitest';
import { fakePage } from '../testing/fakePage';
import { badgeUntilSeen } from './badge';

afterEach(() => vi.unstubAllGlobals());

/** What becomes of the icon of the app. */
function fakeIcon(isInstalled = true) {
  const marks: string[] = [];
  const mark = (what: string) => async () => {
    if (!isInstalled) throw new DOMException('not installed', 'NotAllowedError');
    marks.push(what);
  };
  vi.stubGlobal('navigator', { setAppBadge: mark('set'), clearAppBadge: mark('cleared') });
  return marks;
}

test('an answer that comes out of sight marks the icon until the page is looked at', () => {
  const page = fakePage('hidden');
  const marks = fakeIcon();
  badgeUntilSeen();
  page.show('hidden');
  expect(marks).toEqual(['set']);
  page.show('visible');
  expect(marks).toEqual(['set', 'cleared']);
  // Once is enough.
  page.show('hidden');
  page.show('visible');
  expect(marks).toEqual(['set', 'cleared']);
});

test('in sight, in a tab, or in a browser without badges nothing happens', async () => {
  fakePage('visible');
  const marks = fakeIcon();
  badgeUntilSeen();
  expect(marks).toEqual([]);
  const page = fakePage('hidden');
  fakeIcon(false);
  badgeUntilSeen();
  page.show('visible');
  vi.stubGlobal('navigator', {});
  fakePage('hidden');
  expect(badgeUntilSeen).not.toThrow();
  // A refusal that nobody catches would end the test.
  await new Promise((resolve) => setTimeout(resolve));
});
