import type { Dictionary } from './en';

export type Language = 'zh' | 'en';

/** Fetched in the language that is read. */
const DICTIONARIES: Record<Language, () => Promise<Dictionary>> = {
  zh: async () => (await import('./zh')).zh,
  en: async () => (await import('./en')).en,
};

/** Every text of the page in one language. */
export function dictionaryOf(language: Language): Promise<Dictionary> {
  return DICTIONARIES[language]();
}

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
