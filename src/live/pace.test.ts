import { expect, test } from 'vitest';
import { secondsBetween, thriftOf } from './pace';

test('a device on its battery is spared, more where the battery is low', () => {
  expect(thriftOf(null)).toBe('none');
  expect(thriftOf({ level: 0.1, isCharging: true })).toBe('none');
  expect(thriftOf({ level: 0.8, isCharging: false })).toBe('some');
  expect(thriftOf({ level: 0.29, isCharging: false })).toBe('much');
});

test('the wait between frames grows with thrift', () => {
  expect((['none', 'some', 'much'] as const).map((thrift) => secondsBetween(15, thrift))).toEqual([15, 30, 60]);
  expect(secondsBetween('change', 'much')).toBe(8);
});
