import { expect, test } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatNumber,
  formatParameters,
  formatPercent,
  formatRate,
  formatSeconds,
  formatSpeed,
  languageName,
} from './format';

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [1_234_567, '1.2 MB'],
  [12_345_678, '12 MB'],
  [1_420_000_000, '1.4 GB'],
  [5e15, '5,000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes, 'en')).toBe(text);
});

test.each([
  [0.2, '1 sec', '1秒'],
  [59.4, '59 sec', '59秒'],
  [95, '2 min', '2分钟'],
  [7200, '2 hr', '2小时'],
])('%d seconds are %s and %s', (seconds, english, chinese) => {
  expect(formatDuration(seconds, 'en')).toBe(english);
  expect(formatDuration(seconds, 'zh')).toBe(chinese);
});

test('what is written by hand is what the browser would write', () => {
  const values = Array.from({ length: 400 }, (_, i) => 1.07 ** i / 50);
  const bytes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const times = ['second', 'minute', 'hour'];
  for (const language of ['en', 'zh'] as const) {
    const spoken = (value: number, shape: Intl.NumberFormatOptions) =>
      new Intl.NumberFormat(language, shape).format(value);
    const units = (unit: string, unitDisplay: 'long' | 'short', value: number, maximumFractionDigits = 0) =>
      spoken(value, { style: 'unit', unit, unitDisplay, maximumFractionDigits });
    for (const value of [0, ...values]) {
      for (const maximumFractionDigits of [0, 1, 2])
        expect(formatNumber(value, maximumFractionDigits)).toBe(spoken(value, { maximumFractionDigits }));
    }
    for (const [power, unit] of bytes.entries()) {
      for (const value of [1, 1.04, 2, 9.94, 30.5, 998])
        expect(formatBytes(value * 1000 ** power, language)).toBe(
          units(unit, power === 0 ? 'long' : 'short', value, power >= 2 && value < 10 ? 1 : 0),
        );
    }
    for (const [power, unit] of times.entries()) {
      for (const value of [1, 1.4, 2.6, 20, 59.4])
        expect(formatDuration(value * 60 ** power, language)).toBe(units(unit, 'short', value));
    }
  }
});

test('a percentage never says 100 % early, nor leaves 0 to 100', () => {
  expect(formatPercent(0.999, 'en')).toBe('99%');
  expect(formatPercent(1, 'en')).toBe('100%');
  expect(formatPercent(1.2, 'en')).toBe('100%');
  expect(formatPercent(-1, 'zh')).toBe('0%');
});

test('parameters are counted as in model names', () => {
  expect(formatParameters(1_800_000)).toBe('1.8 M');
  expect(formatParameters(1_080_632_832)).toBe('1.1 B');
  expect(formatParameters(433_900_000)).toBe('434 M');
  expect(formatParameters(7_300)).toBe('7.3 K');
});

test('speed has a decimal only where it matters', () => {
  expect(formatSpeed(4.26, 'en')).toBe('4.3');
  expect(formatSpeed(1234.5, 'en')).toBe('1,235');
});

test('a measured time keeps what matters of it', () => {
  expect(formatSeconds(0.0412, 'en')).toBe('0.04');
  expect(formatSeconds(0.4, 'zh')).toBe('0.4');
  expect(formatSeconds(2.345, 'en')).toBe('2.3');
  expect(formatSeconds(41.7, 'en')).toBe('42');
  expect(formatSeconds(0, 'en')).toBe('0.01');
});

test('a rate has the unit that suits it', () => {
  expect(formatRate(8_440_000, 'en')).toBe('8.4 MB/s');
  expect(formatRate(40_000_000, 'zh')).toBe('40 MB/秒');
  expect(formatRate(94_000, 'en')).toBe('94 kB/s');
});

test('an age is told in days of the calendar', () => {
  const now = new Date(2026, 4, 20, 1).getTime();
  const hours = (count: number) => now - count * 3_600_000;
  expect(formatAge(hours(0.5), now, 'en')).toBe('today');
  expect(formatAge(hours(2), now, 'en')).toBe('yesterday');
  expect(formatAge(hours(72), now, 'zh')).toBe('3天前');
  // A clock that was set back.
  expect(formatAge(hours(-48), now, 'en')).toBe('today');
});

test('languages are named in the language of the page', () => {
  expect(languageName('zh-CN', 'en')).toBe('Chinese (China)');
  expect(languageName('en-US', 'zh')).toMatch(/英语.*美国/);
});
