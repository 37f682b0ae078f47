import { beforeEach, describe, expect, test } from 'vitest';
import { Dictation } from './dictation.svelte';
import { onDeviceRecognition, type LanguageState, type Recognition, type RecognitionClass } from './onDevice';

/** A browser with on-device recognition for the given languages. */
function browserWith(states: Record<string, LanguageState>) {
  const started: Recognition[] = [];
  class SpeechRecognition implements Recognition {
    lang = '';
    continuous = false;
    interimResults = false;
    declare processLocally: boolean;
    onresult: Recognition['onresult'] = null;
    onend: Recognition['onend'] = null;
    onerror: Recognition['onerror'] = null;
    static available = async ({ langs }: { langs: string[] }) => states[langs[0]!] ?? 'unavailable';
    static install = async ({ langs }: { langs: string[] }) => {
      states[langs[0]!] = 'available';
      return true;
    };
    start() {
      started.push(this);
    }
    stop() {
      this.onend?.();
    }
    abort() {
      this.onend?.();
    }
  }
  Object.defineProperty(SpeechRecognition.prototype, 'processLocally', { value: false, writable: true });
  return { scope: { SpeechRecognition: SpeechRecognition as RecognitionClass }, started };
}

const results = (...texts: string[]) => ({ results: texts.map((transcript) => [{ transcript }]) });

beforeEach(() => {
  const kept = new Map<string, string>();
  globalThis.localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
});

describe('speech that would leave the device is not recognised', () => {
  class Remote {
    lang = '';
  }
  test.each<[string, object]>([
    ['no recognition', {}],
    ['recognition by its maker', { SpeechRecognition: Remote, webkitSpeechRecognition: Remote }],
    [
      'one that cannot be asked',
      {
        SpeechRecognition: class {
          processLocally = true;
        },
      },
    ],
    [
      'one that cannot be told',
      {
        SpeechRecognition: Object.assign(
          class {
            lang = '';
          },
          { available: async () => 'available' },
        ),
      },
    ],
  ])('%s', async (_, scope) => {
    expect(onDeviceRecognition(scope)).toBeNull();
    const dictation = new Dictation(scope, ['en-US']);
    await dictation.look();
    expect(dictation.language).toBeNull();
    dictation.start(() => undefined);
    expect(dictation.isListening).toBe(false);
  });

  test('a language that is not there yet', async () => {
    const { scope, started } = browserWith({ 'en-US': 'downloadable' });
    const dictation = new Dictation(scope, ['en-US']);
    await dictation.look();
    expect(dictation).toMatchObject({ language: null, obtainable: ['en-US'] });
    dictation.start(() => undefined);
    expect(started).toEqual([]);
    await dictation.obtain('en-US');
    expect(dictation).toMatchObject({ language: 'en-US', obtainable: [] });
  });
});

test('what is said becomes text, on the device, in the chosen language', async () => {
  const { scope, started } = browserWith({ 'zh-CN': 'available', 'en-US': 'available' });
  const dictation = new Dictation(scope, ['en-US', 'fr']);
  await dictation.look();
  expect(dictation.available).toEqual(['en-US', 'zh-CN']);
  dictation.choose('zh-CN');
  expect(new Dictation(scope, ['en-US']).language).toBeNull();
  const texts: string[] = [];
  dictation.start((text) => texts.push(text));
  expect(started[0]).toMatchObject({ processLocally: true, lang: 'zh-CN', continuous: true, interimResults: true });
  started[0]!.onresult!(results('你'));
  started[0]!.onresult!(results('你好，', '世界'));
  expect(texts).toEqual(['你', '你好，世界']);
  dictation.stop();
  expect(dictation.isListening).toBe(false);
});

test('what arrives after it was broken off changes nothing', async () => {
  const { scope, started } = browserWith({ 'en-US': 'available' });
  const dictation = new Dictation(scope, ['en-US']);
  await dictation.look();
  const texts: string[] = [];
  dictation.start((text) => texts.push(text));
  const { onerror } = started[0]!;
  dictation.abort();
  expect(started[0]!.onresult).toBeNull();
  dictation.start((text) => texts.push(text));
  expect(started).toHaveLength(2);
  onerror!({ error: 'not-allowed' });
  expect(dictation).toMatchObject({ isRefused: true, isListening: true });
  expect(texts).toEqual([]);
});
