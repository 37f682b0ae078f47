import type { Language } from '../i18n/language';
import type { BenchmarkFigures } from '../../workers/protocol/benchmark';

/** A measured number with three digits, the same wherever it stands: 1081.7 → '1,080'. */
export function three(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
}

/** A share as a percentage with three digits: 0.2968 → '29.7%'. More than the whole where a kernel outdoes the peak. */
export function percent(share: number, language: Language): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumSignificantDigits: 3 }).format(share);
}

/** How far repeats lie from their median, as a share of it; null for a case that ran once. */
export function deviation({ repeats, spread }: Pick<BenchmarkFigures, 'repeats' | 'spread'>): number | null {
  return repeats > 1 ? spread / 2 : null;
}
