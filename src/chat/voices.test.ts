import { afterEach, expect, test, vi } from 'vitest';
import { voiceFor } from './voices';

afterEach(() => vi.unstubAllGlobals());

test('only a voice of the device itself reads aloud, in the language of the text', () => {
  expect(voiceFor('Hello')).toBeUndefined();
  const voices: { lang: string; localService: boolean }[] = [];
  vi.stubGlobal('speechSynthesis', Object.assign(new EventTarget(), { getVoices: () => voices }));
  expect(voiceFor('Hello')).toBeUndefined();
  voices.push({ lang: 'en-US', localService: false }, { lang: 'zh-CN', localService: true });
  expect(voiceFor('Hello')).toBeUndefined();
  voices.push({ lang: 'en-GB', localService: true });
  expect(voiceFor('Hello')?.lang).toBe('en-GB');
  expect(voiceFor('你好')?.lang).toBe('zh-CN');
});
