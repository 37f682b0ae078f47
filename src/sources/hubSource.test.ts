import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hubSource, pageOf, sitesWith } from './hubSource';
import { HUGGING_FACE, MODELSCOPE, parseSiteUrl } from './hubs';
import { rememberTokens, tokenFor } from './tokens';
import { fakeLocalStorage } from '../testing/fakeLocalStorage';

const NAMES = { huggingFace: 'openbmb/MiniCPM5-1B', modelScope: 'OpenBMB/MiniCPM5-1B' };

beforeEach(() => void vi.stubGlobal('localStorage', fakeLocalStorage()));

afterEach(() => vi.unstubAllGlobals());

test('automatically, every site that has a repository is asked, each under its own name for it', () => {
  expect(hubSource(NAMES, 'automatic', { files: ['a.gguf'] })).toEqual({
    kind: 'hub',
    repo: NAMES.huggingFace,
    files: ['a.gguf'],
    hub: [
      { url: 'https://huggingface.co', shape: 'hugging-face' },
      { url: 'https://modelscope.cn', shape: 'modelscope', repo: NAMES.modelScope },
      { url: 'https://hf-mirror.com', shape: 'hugging-face' },
    ],
  });
});

test('a site that does not have it is left out, and where it is the only one, there is no source', () => {
  const names = { ...NAMES, modelScope: null };
  expect(sitesWith(names, 'automatic').map(({ url }) => url)).toEqual([
    'https://huggingface.co',
    'https://hf-mirror.com',
  ]);
  expect(hubSource(names, MODELSCOPE.url)).toBeNull();
});

test('a token goes to its own site only', () => {
  rememberTokens({ 'https://huggingface.co': 'hf_secret' });
  expect(tokenFor('https://huggingface.co/')).toBe('hf_secret');
  expect(tokenFor('https://hf-mirror.com')).toBeUndefined();
  rememberTokens({});
  expect(tokenFor('https://huggingface.co')).toBeUndefined();
});

test('what is no token is never sent', () => {
  localStorage.setItem('minicpm.hubTokens', JSON.stringify({ 'https://huggingface.co': 'two\r\nlines' }));
  expect(tokenFor('https://huggingface.co')).toBeUndefined();
  localStorage.setItem('minicpm.hubTokens', 'not JSON');
  expect(tokenFor('https://huggingface.co')).toBeUndefined();
});

test('the page of a repository is where its site has it', () => {
  expect(pageOf(NAMES, HUGGING_FACE)).toBe('https://huggingface.co/openbmb/MiniCPM5-1B');
  expect(pageOf(NAMES, MODELSCOPE)).toBe('https://modelscope.cn/models/OpenBMB/MiniCPM5-1B');
});

test.each([
  ['https://hub.example.org/', 'https://hub.example.org'],
  ['hub.example.org', 'https://hub.example.org'],
  [' https://example.org/models/ ', 'https://example.org/models'],
  ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
  ['http://localhost:8080', 'http://localhost:8080'],
])('%s is the address of a site', (typed, url) => {
  expect(parseSiteUrl(typed)).toBe(url);
});

test.each([
  '',
  'hub',
  'http://example.org',
  'ftp://example.org',
  'https://user:secret@example.org',
  'https://example.org/?a=b',
  'https://example.org/#a',
  'javascript:alert(1)',
])('%j is not', (typed) => {
  expect(parseSiteUrl(typed)).toBeNull();
});
