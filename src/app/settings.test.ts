import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeLocalStorage } from '../testing/fakeLocalStorage';
import { chosenSettings, type ChosenSettings } from './chosenSettings';
import { Settings } from './settings.svelte';

const ELSEWHERE: ChosenSettings = {
  language: 'zh',
  theme: 'dark',
  textSize: 'large',
  motion: 'reduce',
  contextOverflow: 'drop_oldest',
};

beforeEach(() => {
  vi.stubGlobal('localStorage', fakeLocalStorage());
  vi.stubGlobal('matchMedia', () => Object.assign(new EventTarget(), { matches: false }));
  vi.stubGlobal('navigator', { languages: ['en-GB'] });
});

afterEach(() => vi.unstubAllGlobals());

test('where nothing is chosen, what was chosen elsewhere holds, also at the next visit', async () => {
  const settings = await Settings.open();
  expect(await settings.takeOver(ELSEWHERE)).toBe(true);
  for (const now of [settings, await Settings.open()])
    expect(now).toMatchObject({
      language: 'zh',
      theme: 'dark',
      textSize: 'large',
      keepsStill: true,
      contextOverflow: 'drop_oldest',
    });
  expect(chosenSettings()).toEqual(ELSEWHERE);
  expect(await settings.takeOver(ELSEWHERE)).toBe(false);
});

test('what is chosen here stays', async () => {
  const settings = await Settings.open();
  settings.chooseTheme('light');
  settings.chooseContextOverflow('stop');
  expect(await settings.takeOver({ theme: 'dark', contextOverflow: 'drop_oldest' })).toBe(false);
  expect(await settings.takeOver({ theme: 'dark', textSize: 'small' })).toBe(true);
  expect(chosenSettings()).toEqual({ theme: 'light', contextOverflow: 'stop', textSize: 'small' });
});
