import type { Language } from './i18n/language';

/**
 * A number as both languages of the page write it, with so many decimals at most. By hand, as all that the first picture
 * shows: the first use of `Intl.NumberFormat` costs a phone a tenth of a second.
 */
export function formatNumber(value: number, mostDecimals = 0): string {
  const [whole = '', decimals = ''] = value.toFixed(mostDecimals).split('.');
  const kept = decimals.replace(/0+$/, '');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (kept && `.${kept}`);
}

const BYTE_UNITS: Record<Language, string[]> = {
  en: [' bytes', ' kB', ' MB', ' GB', ' TB'],
  zh: ['字节', ' kB', ' MB', ' GB', ' TB'],
};

/** Bytes in the largest unit that keeps the number at 1 or more, decimal as disks are sold: 1_200_000 → '1.2 MB'. */
export function formatBytes(bytes: number, language: Language): string {
  const units = BYTE_UNITS[language];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  const number = formatNumber(value, power >= 2 && value < 10 ? 1 : 0);
  return language === 'en' && power === 0 && number === '1' ? '1 byte' : number + units[power];
}

/** A rate of transfer, in the unit that suits it: 8_400_000 → '8.4 MB/s'. */
export function formatRate(bytesPerSecond: number, language: Language): string {
  const [value, unit] = bytesPerSecond < 1e6 ? [bytesPerSecond / 1e3, 'kilobyte'] : [bytesPerSecond / 1e6, 'megabyte'];
  const maximumFractionDigits = unit === 'megabyte' && value < 10 ? 1 : 0;
  const shape = { style: 'unit', unit: `${unit}-per-second`, unitDisplay: 'short', maximumFractionDigits } as const;
  return new Intl.NumberFormat(language, shape).format(value);
}

const TIME_UNITS: Record<Language, [string, string, string]> = {
  en: [' sec', ' min', ' hr'],
  zh: ['秒', '分钟', '小时'],
};

/** A rough waiting time in whole seconds, minutes or hours: 95 → '2 min'. Never less than a second. */
export function formatDuration(seconds: number, language: Language): string {
  const [second, minute, hour] = TIME_UNITS[language];
  const [value, unit] =
    seconds < 60 ? [seconds, second] : seconds < 3600 ? [seconds / 60, minute] : [seconds / 3600, hour];
  return formatNumber(Math.max(1, value)) + unit;
}

/** How long ago a time was, in whole days: 'today', 'yesterday', '3 days ago'. Both in milliseconds since 1970. */
export function formatAge(then: number, now: number, language: Language): string {
  const dayOf = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((dayOf(then) - dayOf(now)) / 86_400_000);
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.min(0, days), 'day');
}

/** A share of 0 to 1 as a whole percentage, rounded down: 100 % means done. */
export function formatPercent(share: number, language: Language): string {
  const whole = Math.floor(Math.min(1, Math.max(0, share)) * 100) / 100;
  return new Intl.NumberFormat(language, { style: 'percent' }).format(whole);
}

/** A count of parameters the way models are named: 1_080_632_832 → '1.1 B'. The same in every language. */
export function formatParameters(count: number): string {
  const [value, suffix] = count >= 1e9 ? [count / 1e9, 'B'] : count >= 1e6 ? [count / 1e6, 'M'] : [count / 1e3, 'K'];
  return `${formatNumber(value, value < 100 ? 1 : 0)} ${suffix}`;
}

/** Tokens per second: one decimal below 10, none above. */
export function formatSpeed(tokensPerSecond: number, language: Language): string {
  const maximumFractionDigits = tokensPerSecond < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { maximumFractionDigits }).format(tokensPerSecond);
}

/** A short time as it was measured, in seconds: two decimals below one, one below ten, none above. */
export function formatSeconds(seconds: number, language: Language): string {
  const maximumFractionDigits = seconds < 1 ? 2 : seconds < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { maximumFractionDigits }).format(Math.max(0.01, seconds));
}

/** The name of a language in another: ('zh-CN', 'en') → 'Chinese (China)'. */
export function languageName(tag: string, language: Language): string {
  return new Intl.DisplayNames(language, { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag;
}
