import { expect, test } from 'vitest';
import { deviation, percent, three } from './numbers';

test('numbers have three digits', () => {
  expect(three(1081.7, 'en')).toBe('1,080');
  expect(three(0.01312, 'zh')).toBe('0.0131');
  expect(percent(0.2968, 'en')).toBe('29.7%');
  expect(percent(1.5, 'zh')).toBe('150%');
});

test('a case that ran once has no deviation', () => {
  expect(deviation({ repeats: 1, spread: 0 })).toBeNull();
  expect(deviation({ repeats: 5, spread: 0.1 })).toBe(0.05);
});
