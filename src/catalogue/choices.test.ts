import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ModelInfo } from '../../workers/protocol/model';
import { accept, acceptedOn } from './acceptedLicences';
import { chosenContext, openedContext, rememberContext } from './chosenContexts';
import { CATALOGUE } from './models';
import { storedFrom } from './storedFrom';
import { fakeLocalStorage } from '../testing/fakeLocalStorage';

beforeEach(() => void vi.stubGlobal('localStorage', fakeLocalStorage()));

afterEach(() => vi.unstubAllGlobals());

/** A model imported from a repository. */
const stored = (location: string, files?: string[]) =>
  ({ source: { kind: 'hub', location, ...(files && { files }) } }) as ModelInfo;

test('a licence is accepted by itself, with its day', () => {
  expect(acceptedOn('apache-2.0')).toBeNull();
  accept('apache-2.0');
  expect(acceptedOn('apache-2.0')).toMatch(/^20\d\d-\d\d-\d\d$/);
  expect(acceptedOn('general-model-license')).toBeNull();
});

test('a context is kept for the checkpoint that it was chosen for', () => {
  rememberContext({ kind: 'hub', repo: 'a/b', files: ['q4.gguf'] }, 2048);
  expect(chosenContext(stored('a/b', ['q4.gguf']))).toBe(2048);
  expect(chosenContext(stored('a/b', ['q8.gguf']))).toBeUndefined();
  expect(chosenContext(stored('a/b'))).toBeUndefined();
  expect(chosenContext({ source: { kind: 'files', location: 'a/b' } } as ModelInfo)).toBeUndefined();
  // Opened with it, or with the usual one, but with no more than the checkpoint was made for.
  const opened = (files: string[], contextLength: number) => openedContext({ ...stored('a/b', files), contextLength });
  expect([opened(['q4.gguf'], 8192), opened(['q8.gguf'], 8192), opened(['q4.gguf'], 384)]).toEqual([2048, 4096, 384]);
});

test('what is no context is not asked for', () => {
  localStorage.setItem('minicpm.modelContexts', '{"a/b": "1"}');
  expect(chosenContext(stored('a/b'))).toBeUndefined();
  localStorage.setItem('minicpm.modelContexts', 'no JSON');
  expect(chosenContext(stored('a/b'))).toBeUndefined();
});

test('a stored model is recognised by its repository and its files', () => {
  const model = CATALOGUE.find(({ id }) => id === 'minicpm5-1b')!;
  const q4 = stored('openbmb/MiniCPM5-1B-GGUF', ['MiniCPM5-1B-Q4_K_M.gguf']);
  expect(storedFrom(model, [stored('someone/else'), q4])).toBe(q4);
  expect(storedFrom(model, [stored('openbmb/MiniCPM5-1B')])).not.toBeNull();
  expect(storedFrom(model, [stored('openbmb/MiniCPM5-1B-GGUF', ['MiniCPM5-1B-F16.gguf'])])).toBeNull();
});
