import type { ContextOverflow } from '../engine/api';
import type { Dictionary } from '../i18n/en';
import { dictionaryOf, preferredLanguage, type Language } from '../i18n/language';
import { chosenSettings, type ChosenSettings, type TextSize, type Theme } from './chosenSettings';
import { remember } from './remembered';

const otherThan = (language: Language): Language => (language === 'zh' ? 'en' : 'zh');

const spoken = (choice: Language | null) => choice ?? preferredLanguage(navigator.languages);

/**
 * What the reader has chosen for the whole page; null, where it may be chosen, follows the browser or the system. The file
 * firstPaint.ts reads the same keys before the page is drawn.
 */
export class Settings {
  /** What was chosen last; the page speaks it once its words are there. */
  chosenLanguage = $state<Language | null>(null);
  /** True where the words of the language that was chosen last could not be fetched. */
  lacksWords = $state(false);
  chosenTheme = $state<Theme | null>(null);
  textSize = $state<TextSize>('normal');
  /** True where nothing is to move, whatever the system says. */
  keepsStill = $state(false);
  /** What is to become of conversations that outgrow the model's context. */
  contextOverflow = $state<ContextOverflow>('stop');
  /** The choice that the page speaks by. */
  #heldChoice: Language | null;
  /** The theme that the system asks for at the moment. */
  #systemTheme = $state<Theme>('light');

  language: Language;
  text: Dictionary;
  /** The language that was asked for last, which differs from `language` while its words are fetched. */
  #wanted: Language;
  readonly theme = $derived(this.chosenTheme ?? this.#systemTheme);

  /** The page speaks `language`, with the words of `text`. */
  constructor(language: Language, text: Dictionary) {
    this.language = $state(language);
    this.#wanted = language;
    this.text = $state.raw(text);
    const chosen = chosenSettings();
    const choice = chosen.language ?? null;
    // What was chosen stays remembered where its words have not come this time.
    this.chosenLanguage = this.#heldChoice = spoken(choice) === language ? choice : language;
    this.chosenTheme = chosen.theme ?? null;
    this.textSize = chosen.textSize ?? 'normal';
    this.keepsStill = chosen.motion === 'reduce';
    this.contextOverflow = chosen.contextOverflow ?? 'stop';
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => (this.#systemTheme = dark.matches ? 'dark' : 'light');
    dark.addEventListener('change', follow);
    follow();
  }

  /** As the last visit has left them, in the language that is spoken, or in the other one where only its words come. */
  static async open(): Promise<Settings> {
    const language = spoken(chosenSettings().language ?? null);
    const inLanguage = async (its: Language) => new Settings(its, await dictionaryOf(its));
    return inLanguage(language).catch(() => inLanguage(otherThan(language)));
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

  /** Once the words are there, unless another one is chosen meanwhile. Where they cannot be fetched nothing changes. */
  async chooseLanguage(choice: Language | null): Promise<void> {
    const language = spoken(choice);
    this.chosenLanguage = choice;
    this.#wanted = language;
    this.lacksWords = false;
    const text = await dictionaryOf(language).catch(() => null);
    if (this.chosenLanguage !== choice) return;
    if (text === null) {
      this.chosenLanguage = this.#heldChoice;
      this.#wanted = this.language;
      this.lacksWords = true;
      return;
    }
    this.#heldChoice = choice;
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
    return this.chooseLanguage(otherThan(this.#wanted));
  }

  /** Shows the other theme. Choosing what the system asks for means following the system again. */
  switchTheme(): void {
    const other = this.theme === 'dark' ? 'light' : 'dark';
    this.chooseTheme(other === this.#systemTheme ? null : other);
  }
}
