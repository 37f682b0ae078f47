import { expect, test } from 'vitest';
import { converted, energyPerHour, tokensPerUnit, tokensPerUnitAt, wearPerHour, type RunningCosts } from './cost';

const NOTHING: RunningCosts = {
  watts: null,
  kilowattHourPrice: null,
  devicePrice: null,
  lifetimeYears: null,
  hoursPerDay: null,
};
const PHONE: RunningCosts = {
  watts: 5,
  kilowattHourPrice: 0.6,
  devicePrice: 600,
  lifetimeYears: 5,
  hoursPerDay: 24,
};

test('an hour costs its energy and its share of the device', () => {
  expect(energyPerHour(PHONE)).toBeCloseTo(0.003, 12);
  // 600 over 43 800 hours.
  expect(wearPerHour(PHONE)).toBeCloseTo(0.0136986, 7);
  expect(wearPerHour({ ...PHONE, hoursPerDay: 12 })).toBeCloseTo(2 * wearPerHour(PHONE)!, 12);
});

test('tokens per unit of money are the tokens of an hour by what the hour costs', () => {
  expect(tokensPerUnit(7.5, { ...PHONE, watts: 0 })).toBeCloseTo((7.5 * 3600 * 43_800) / 600, 0);
  expect(tokensPerUnit(7.5, PHONE)).toBeCloseTo((7.5 * 3600) / (0.003 + 600 / 43_800), 3);
  expect(tokensPerUnitAt(2)).toBe(500_000);
});

test('what is not known is left out, and without any cost there is no figure', () => {
  expect(tokensPerUnit(10, { ...NOTHING, watts: 10, kilowattHourPrice: 1 })).toBeCloseTo(3_600_000, 6);
  expect(tokensPerUnit(10, NOTHING)).toBeNull();
  expect(tokensPerUnit(null, PHONE)).toBeNull();
  expect(tokensPerUnit(10, { ...NOTHING, watts: 0, kilowattHourPrice: 1 })).toBeNull();
  expect(wearPerHour({ ...PHONE, lifetimeYears: 0 })).toBeNull();
  expect(tokensPerUnitAt(0)).toBeNull();
  expect(tokensPerUnitAt(null)).toBeNull();
});

test('a dollar pays for as many tokens as the yuan that it is worth', () => {
  expect(converted(1000, 'CNY', 'USD', 7)).toBe(7000);
  expect(converted(7000, 'USD', 'CNY', 7)).toBe(1000);
  expect(converted(1000, 'CNY', 'CNY', null)).toBe(1000);
  expect(converted(1000, 'CNY', 'USD', null)).toBeNull();
  expect(converted(null, 'CNY', 'USD', 7)).toBeNull();
});
