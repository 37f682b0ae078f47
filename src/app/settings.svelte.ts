import type { ContextOverflow } from '../engine/api';
import type { Dictionary } from '../i18n/en';
import { dictionaryOf, preferredLanguage, type Language } from '../i18n/language';
import { recall, remember } from './remembered';

export type Theme = 'light' | 'dark';

export const TEXT_SIZES = ['small', 'normal', 'large', 'largest'] as const;
export type TextSize = (typeof TEXT_SIZES)[number];

/** The language that was chosen on an earlier visit; null follows the browser. */
function languageChosen(): Language | null {
  const language = recall('language');
  return language === 'zh' || language === 'en' ? language : null;
}

const spoken = (choice: Language | null) => choice ?? preferredLanguage(navigator.languages);

/**
 * What the reader has chosen for the whole page; null, where it may be chosen, follows the browser or the system. The file
 * firstPaint.ts reads the same keys before the page is drawn.
 */
export class Settings {
  chosenLanguage = $state(languageChosen());
  chosenTheme = $state<Theme | null>(null);
  textSize = $state<TextSize>('normal');
  /** True where nothing is to move, whatever the system says. */
  keepsStill = $state(false);
  /** What is to become of conversations that outgrow the model's context. */
  contextOverflow = $state<ContextOverflow>('stop');
  /** The theme that the system asks for at the moment. */
  #systemTheme = $state<Theme>('light');

  language: Language;
  text: Dictionary;
  readonly theme = $derived(this.chosenTheme ?? this.#systemTheme);

  /** The page speaks `language`, with the words of `text`. */
  constructor(language: Language, text: Dictionary) {
    this.language = $state(language);
    this.text = $state.raw(text);
    const theme = recall('theme');
    this.chosenTheme = theme === 'light' || theme === 'dark' ? theme : null;
    this.textSize = TEXT_SIZES.find((size) => size === recall('textSize')) ?? 'normal';
    this.keepsStill = recall('motion') === 'reduce';
    if (recall('contextOverflow') === 'drop_oldest') this.contextOverflow = 'drop_oldest';
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => (this.#systemTheme = dark.matches ? 'dark' : 'light');
    dark.addEventListener('change', follow);
    follow();
  }

  /** As the last visit has left them, with the words of the language that is spoken. */
  static async open(): Promise<Settings> {
    const language = spoken(languageChosen());
    return new Settings(language, await dictionaryOf(language));
  }

  chooseContextOverflow(choice: ContextOverflow): void {
    this.contextOverflow = choice;
    remember('contextOverflow', choice);
  }

  /** Once the words are there. Where they cannot be fetched the page goes on as it is. */
  async chooseLanguage(choice: Language | null): Promise<void> {
    const language = spoken(choice);
    const text = await dictionaryOf(language).catch(() => null);
    if (text === null) return;
    this.chosenLanguage = choice;
    this.language = language;
    this.text = text;
    remember('language', choice);
  }

  chooseTheme(choice: Theme | null): void {
    this.chosenTheme = choice;
    remember('theme', choice);
  }

  chooseTextSize(choice: TextSize): void {
    this.textSize = choice;
    remember('textSize', choice === 'normal' ? null : choice);
  }

  chooseStillness(keepsStill: boolean): void {
    this.keepsStill = keepsStill;
    remember('motion', keepsStill ? 'reduce' : null);
  }

  switchLanguage(): Promise<void> {
    return this.chooseLanguage(this.language === 'zh' ? 'en' : 'zh');
  }

  /** Shows the other theme. Choosing what the system asks for means following the system again. */
  switchTheme(): void {
    const other = this.theme === 'dark' ? 'light' : 'dark';
    this.chooseTheme(other === this.#systemTheme ? null : other);
  }
}
