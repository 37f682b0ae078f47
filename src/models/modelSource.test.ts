import { expect, test } from 'vitest';
import { parseModelSource } from './modelSource';

const HF = 'https://huggingface.co';

test.each([
  ['openbmb/MiniCPM5-1B', { kind: 'hub', repo: 'openbmb/MiniCPM5-1B' }],
  ['  openbmb/MiniCPM5-1B ', { kind: 'hub', repo: 'openbmb/MiniCPM5-1B' }],
  [
    'openbmb/MiniCPM-1B-sft-bf16@refs/pr/3',
    { kind: 'hub', repo: 'openbmb/MiniCPM-1B-sft-bf16', revision: 'refs/pr/3' },
  ],
  [`${HF}/openbmb/MiniCPM4-0.5B`, { kind: 'hub', repo: 'openbmb/MiniCPM4-0.5B' }],
  [`${HF}/openbmb/MiniCPM4-0.5B/tree/abc`, { kind: 'hub', repo: 'openbmb/MiniCPM4-0.5B', revision: 'abc' }],
  ['https://hf-mirror.com/a/b', { kind: 'hub', repo: 'a/b', hub: 'https://hf-mirror.com' }],
  [`${HF}/a/b/blob/main/x/m.gguf`, { kind: 'url', urls: [`${HF}/a/b/resolve/main/x/m.gguf`] }],
  ['https://example.org/models/m.gguf', { kind: 'url', urls: ['https://example.org/models/m.gguf'] }],
  ['http://localhost:8080/nano/config.json', { kind: 'url', urls: ['http://localhost:8080/nano/config.json'] }],
  ['https://example.org/models/nano/', { kind: 'url', urls: ['https://example.org/models/nano/'] }],
])('%s is understood', (typed, source) => {
  expect(parseModelSource(typed)?.source).toEqual(source);
});

test.each(['', 'MiniCPM', 'a/b/c', 'a b/c', '/etc/passwd', 'file:///m.gguf', 'javascript:alert(1)', '../x', 'blob:x'])(
  '%j is refused',
  (typed) => {
    expect(parseModelSource(typed)).toBeNull();
  },
);

test('a name is looked up on the chosen hub, and the terms are read there', () => {
  expect(parseModelSource('a/b', 'https://hf-mirror.com')).toEqual({
    source: { kind: 'hub', repo: 'a/b', hub: 'https://hf-mirror.com' },
    host: 'hf-mirror.com',
    page: 'https://hf-mirror.com/a/b',
  });
});

test('the terms of a linked file are beside it', () => {
  expect(parseModelSource('https://example.org/models/m.gguf')).toMatchObject({
    host: 'example.org',
    page: 'https://example.org/models/',
  });
});
