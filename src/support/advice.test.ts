import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { en } from '../i18n/en';
import { adviceFor } from './advice';

test('every named error has a sentence of its own', () => {
  const names = ['UnsupportedError', 'InvalidFileError', 'ModelNotFoundError', 'ModelCorruptError', 'NetworkError'];
  names.push('StorageFullError', 'OutOfMemoryError', 'DeviceLostError', 'MissingTokenizerError');
  names.push('ModelInUseError', 'SourceChangedError');
  const sentences = names.map((name) => en.errors[adviceFor(name, '').sentence]);
  expect(new Set(sentences).size).toBe(names.length);
});

test('the ways out fit the errors', () => {
  expect(adviceFor('DeviceLostError', '').action).toBe('reloadModel');
  expect(adviceFor('ModelCorruptError', '').action).toBe('repairModel');
  expect(adviceFor('InvalidFileError', '').action).toBeNull();
  // A file that has changed is imported from its beginning.
  expect(adviceFor('SourceChangedError', '').action).toBe('retry');
});

test('an error of another name is called unexpected', () => {
  expect(adviceFor('TypeError', '')).toEqual({ sentence: 'unknown', action: 'retry' });
  expect(adviceFor('toString', '')).toEqual({ sentence: 'unknown', action: 'retry' });
});

test('a copy that another version of the app stored is not called damaged', () => {
  const detail = '"m" was stored by another version of this app; import it again';
  expect(readFileSync('workers/session/loadModel.ts', 'utf8')).toContain('another version of this app');
  expect(adviceFor('ModelCorruptError', detail)).toEqual({ sentence: 'otherVersion', action: 'removeModel' });
});

test('a site that asks who is there is not called unreachable', () => {
  expect(readFileSync('workers/import/httpBody.ts', 'utf8')).toContain('the server answered with status ${status}');
  for (const status of [401, 403]) {
    const detail = `hub.example.org/a/b: the server answered with status ${status}: it asks for permission.`;
    expect(adviceFor('NetworkError', detail)).toEqual({ sentence: 'accessDenied', action: 'retry' });
  }
  expect(adviceFor('NetworkError', 'the server answered with status 500.').sentence).toBe('NetworkError');
});
