import { expect, test } from 'vitest';
import { en } from '../i18n/en';
import { adviceFor } from './advice';

test('every named error has a sentence of its own', () => {
  const names = ['UnsupportedError', 'InvalidFileError', 'ModelNotFoundError', 'ModelCorruptError', 'NetworkError'];
  names.push('StorageFullError', 'OutOfMemoryError', 'DeviceLostError', 'ContextFullError');
  const sentences = names.map((name) => en.errors[adviceFor(name).sentence]);
  expect(new Set(sentences).size).toBe(names.length);
});

test('the ways out fit the errors', () => {
  expect(adviceFor('DeviceLostError').action).toBe('reloadModel');
  expect(adviceFor('ContextFullError').action).toBe('newChat');
  expect(adviceFor('ModelCorruptError').action).toBe('removeModel');
  expect(adviceFor('InvalidFileError').action).toBeNull();
});

test('an error of another name is called unexpected', () => {
  expect(adviceFor('TypeError')).toEqual({ sentence: 'unknown', action: 'retry' });
  expect(adviceFor('toString')).toEqual({ sentence: 'unknown', action: 'retry' });
});
