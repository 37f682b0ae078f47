import { expect, test } from 'vitest';
import type { ModelInfo } from '../../workers/protocol/model';
import { smallerContext, smallerModel } from './smallerContext';

const model = (id: string, megabytes: number, contextLength = 32768) =>
  ({ id, bytes: megabytes * 1e6, contextLength, hasTokenizer: true }) as ModelInfo;

test('the context is halved, from what was chosen or would be taken, down to what makes a conversation', () => {
  expect(smallerContext(model('a', 900), undefined)).toBe(2048);
  expect(smallerContext(model('a', 900), 16384)).toBe(8192);
  expect(smallerContext(model('a', 900, 2048), 16384)).toBe(1024);
  expect(smallerContext(model('a', 900), 1024)).toBe(512);
  expect(smallerContext(model('a', 900), 200)).toBeNull();
  expect(smallerContext(model('a', 900, 255), undefined)).toBeNull();
});

test('the smaller model is the largest of those that take clearly less, and can be talked to', () => {
  const all = [model('large', 1500), model('same', 850), model('half', 450), model('nano', 2)];
  expect(smallerModel(model('a', 900), all)?.id).toBe('half');
  expect(smallerModel(all[3]!, all)).toBeNull();
  expect(smallerModel(model('a', 900), [{ ...model('b', 100), hasTokenizer: false }])).toBeNull();
});
