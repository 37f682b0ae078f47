import { expect, test } from 'vitest';
import { parseModelSource } from './namedSource';

const HF = 'https://huggingface.co';
const HUGGING_FACE = { url: HF, shape: 'hugging-face' };
const MIRROR = { url: 'https://hf-mirror.com', shape: 'hugging-face' };
const MODELSCOPE = { url: 'https://modelscope.cn', shape: 'modelscope' };

test.each([
  ['openbmb/MiniCPM5-1B', { repo: 'openbmb/MiniCPM5-1B', hub: [HUGGING_FACE] }],
  ['  openbmb/MiniCPM5-1B ', { repo: 'openbmb/MiniCPM5-1B', hub: [HUGGING_FACE] }],
  [
    'openbmb/MiniCPM-1B-sft-bf16@refs/pr/3',
    { repo: 'openbmb/MiniCPM-1B-sft-bf16', revision: 'refs/pr/3', hub: [HUGGING_FACE] },
  ],
  [`${HF}/openbmb/MiniCPM4-0.5B`, { repo: 'openbmb/MiniCPM4-0.5B', hub: [HUGGING_FACE] }],
  [`${HF}/openbmb/MiniCPM4-0.5B/tree/abc`, { repo: 'openbmb/MiniCPM4-0.5B', revision: 'abc', hub: [HUGGING_FACE] }],
  ['https://hf-mirror.com/a/b', { repo: 'a/b', hub: [MIRROR] }],
  [`${HF}/a/b/blob/main/x/m.gguf`, { repo: 'a/b', revision: 'main', files: ['x/m.gguf'], hub: [HUGGING_FACE] }],
  ['https://www.modelscope.cn/models/OpenBMB/MiniCPM5-1B', { repo: 'OpenBMB/MiniCPM5-1B', hub: [MODELSCOPE] }],
  ['https://modelscope.cn/models/a/b/summary', { repo: 'a/b', hub: [MODELSCOPE] }],
])('%s is a repository', (typed, source) => {
  expect(parseModelSource(typed, HF)?.source).toEqual({ kind: 'hub', ...source });
});

test.each([
  'https://example.org/models/m.gguf',
  'http://localhost:8080/nano/config.json',
  'https://example.org/models/nano/',
])('%s is read from where it is', (url) => {
  expect(parseModelSource(url, 'automatic')?.source).toEqual({ kind: 'url', urls: [url] });
});

test.each(['', 'MiniCPM', 'a/b/c', 'a b/c', '/etc/passwd', 'file:///m.gguf', 'javascript:alert(1)', '../x', 'blob:x'])(
  '%j is refused',
  (typed) => {
    expect(parseModelSource(typed, 'automatic')).toBeNull();
  },
);

test('a name is looked up on the chosen site, and the terms are read there', () => {
  expect(parseModelSource('a/b', 'https://hf-mirror.com')).toEqual({
    source: { kind: 'hub', repo: 'a/b', hub: [MIRROR] },
    hosts: ['hf-mirror.com'],
    page: 'https://hf-mirror.com/a/b',
  });
  expect(parseModelSource('a/b', MODELSCOPE.url)?.page).toBe('https://modelscope.cn/models/a/b');
});

test('a name is not looked up by itself where another owner may have it', () => {
  expect(parseModelSource('a/b', 'automatic')?.hosts).toEqual(['huggingface.co', 'hf-mirror.com']);
});

test('the terms of a linked file are beside it', () => {
  expect(parseModelSource('https://example.org/models/m.gguf', 'automatic')).toMatchObject({
    hosts: ['example.org'],
    page: 'https://example.org/models/',
  });
});
