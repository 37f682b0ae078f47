import { expect, test } from 'vitest';
import { en } from './en';
import { fill } from './fill';
import { dictionaryOf, preferredLanguage } from './language';
import { zh } from './zh';

/** All texts of a dictionary as [path, text]; a list counts as one text per entry. */
function texts(tree: object, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? texts(value, `${path}${key}.`) : [[`${path}${key}`, String(value)]],
  );
}

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('each language has its own dictionary', async () => {
  expect(await dictionaryOf('zh')).toBe(zh);
  expect(await dictionaryOf('en')).toBe(en);
});

test('both dictionaries have the same texts', () => {
  expect(texts(zh).map(([path]) => path)).toEqual(texts(en).map(([path]) => path));
});

test('no text is empty, and none is left in the other language', () => {
  for (const [language, dictionary] of Object.entries({ zh, en })) {
    for (const [path, text] of texts(dictionary)) expect(text.trim(), `${language} ${path}`).not.toBe('');
  }
  const same = texts(zh).filter(([path, text]) => new Map(texts(en)).get(path) === text);
  expect(same.map(([path]) => path)).toEqual(['sources.ownPlaceholder', 'models.urlPlaceholder']);
});

test('a text asks for the same values in both languages', () => {
  const english = new Map(texts(en));
  for (const [path, text] of texts(zh)) expect(placeholders(text), path).toEqual(placeholders(english.get(path) ?? ''));
});

test('fill puts values where they are named and leaves unknown names alone', () => {
  expect(fill('{a} of {b}, {a}, {c}', { a: 1, b: 'two' })).toBe('1 of two, 1, {c}');
});

test('the language is the first one of the reader that the page speaks', () => {
  expect(preferredLanguage(['zh-TW', 'en-US'])).toBe('zh');
  expect(preferredLanguage(['fr-FR', 'en-GB', 'zh'])).toBe('en');
  expect(preferredLanguage(['fr'])).toBe('en');
  expect(preferredLanguage([])).toBe('en');
});
