import type { ContextOverflow } from '../engine/api';
import type { Dictionary } from '../i18n/en';
import { dictionaryOf, preferredLanguage, type Language } from '../i18n/language';
import { chosenSettings, type ChosenSettings, type TextSize, type Theme } from './chosenSettings';
import { remember } from './remembered';

const spoken = (choice: Language | null) => choice ?? preferredLanguage(navigator.languages);

/**
 * What the reader has chosen for the whole page; null, where it may be chosen, follows the browser or the system. The file
 * firstPaint.ts reads the same keys before the page is drawn.
 */
export class Settings {
  chosenLanguage = $state<Language | null>(null);
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
    const chosen = chosenSettings();
    this.chosenLanguage = chosen.language ?? null;
    this.chosenTheme = chosen.theme ?? null;
    this.textSize = chosen.textSize ?? 'normal';
    this.keepsStill = chosen.motion === 'reduce';
    this.contextOverflow = chosen.contextOverflow ?? 'stop';
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => (this.#systemTheme = dark.matches ? 'dark' : 'light');
    dark.addEventListener('change', follow);
    follow();
  }

  /** As the last visit has left them, with the words of the language that is spoken. */
  static async open(): Promise<Settings> {
    const language = spoken(chosenSettings().language ?? null);
    return new Settings(language, await dictionaryOf(language));
  }

  /** Chooses what was chosen elsewhere, but for what is chosen here. Returns whether there was anything of that kind. */
  async takeOver(elsewhere: ChosenSettings): Promise<boolean> {
    const here = chosenSettings();
    const isOpen = (key: string) => !Object.hasOwn(here, key);
    const chosen: ChosenSettings = Object.fromEntries(Object.entries(elsewhere).filter(([key]) => isOpen(key)));
    if (chosen.theme) this.chooseTheme(chosen.theme);
    if (chosen.textSize) this.chooseTextSize(chosen.textSize);
    if (chosen.motion) this.chooseStillness(true);
    if (chosen.contextOverflow) this.chooseContextOverflow(chosen.contextOverflow);
    if (chosen.language) await this.chooseLanguage(chosen.language);
    return Object.keys(chosen).length > 0;
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
