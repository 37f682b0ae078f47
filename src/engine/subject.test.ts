import { expect, test } from 'vitest';
import { subjectOf } from './subject';

test.each([
  [
    { kind: 'bundled', name: 'nano' },
    { name: 'nano', isDemo: true },
  ],
  [
    { kind: 'hub', repo: 'openbmb/MiniCPM5-1B' },
    { name: 'openbmb/MiniCPM5-1B', isDemo: false },
  ],
  [
    { kind: 'url', urls: ['https://example.org/a/My%20model.gguf?x=1'] },
    { name: 'My model.gguf', isDemo: false },
  ],
  [
    { kind: 'url', urls: ['https://example.org/models/nano/'] },
    { name: 'nano', isDemo: false },
  ],
  [
    { kind: 'url', urls: ['https://example.org/openbmb/nano/resolve/main/'] },
    { name: 'nano', isDemo: false },
  ],
  [
    { kind: 'files', files: [] },
    { name: '', isDemo: false },
  ],
] as const)('%j is called by its name', (source, subject) => {
  const copy = structuredClone(source) as Parameters<typeof subjectOf>[0];
  expect(subjectOf(copy)).toEqual(subject);
});

test('files of a folder go by the folder, single files by the name of the largest', () => {
  const file = Object.defineProperty(new File([], 'config.json'), 'webkitRelativePath', { value: 'nano/config.json' });
  expect(subjectOf({ kind: 'files', files: [file] }).name).toBe('nano');
  expect(subjectOf({ kind: 'files', files: [file], folder: 'dropped' }).name).toBe('dropped');
  const single = Object.defineProperty(new File([], 'nano.gguf'), 'webkitRelativePath', { value: '' });
  expect(subjectOf({ kind: 'files', files: [single] }).name).toBe('nano.gguf');
  const weights = Object.defineProperty(new File(['x'], 'model.safetensors'), 'webkitRelativePath', { value: '' });
  expect(subjectOf({ kind: 'files', files: [single, weights] }).name).toBe('model.safetensors');
});
