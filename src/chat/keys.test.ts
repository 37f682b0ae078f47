import { expect, test } from 'vitest';
import { meansSend } from './keys';

const enter = { key: 'Enter', shiftKey: false, isComposing: false, keyCode: 13 };

test('Enter sends', () => {
  expect(meansSend(enter)).toBe(true);
});

test.each([
  ['Shift+Enter', { ...enter, shiftKey: true }],
  ['Enter while composing', { ...enter, isComposing: true }],
  ['Enter that ended a composition in Safari', { ...enter, keyCode: 229 }],
  ['another key', { ...enter, key: 'a', keyCode: 65 }],
])('%s does not', (_, press) => {
  expect(meansSend(press)).toBe(false);
});
