import { en } from './en';
import type { Dictionary } from './en';
import { zh } from './zh';

export type Language = 'zh' | 'en';

export const DICTIONARIES: Record<Language, Dictionary> = { zh, en };

/** The value of <html lang>, which also picks the right shapes of Chinese characters. */
export const HTML_LANG: Record<Language, string> = { zh: 'zh-Hans', en: 'en' };

/** The first of the reader's languages that the page speaks; English where it speaks none of them. */
export function preferredLanguage(readerLanguages: readonly string[]): Language {
  for (const tag of readerLanguages) {
    const [primary] = tag.toLowerCase().split('-');
    if (primary === 'zh' || primary === 'en') return primary;
  }
  return 'en';
}
