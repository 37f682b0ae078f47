import type { ContextOverflow } from '../engine/api';
import { DICTIONARIES, preferredLanguage, type Language } from '../i18n/language';
import { recall, remember } from './remembered';

export type Theme = 'light' | 'dark';

/**
 * Language and theme: the reader's choice where there is one, else what the browser prefers. And what is to become of
 * conversations that outgrow the model's context.
 */
export class Settings {
  language = $state<Language>('en');
  contextOverflow = $state<ContextOverflow>('stop');
  /** The theme that the system asks for at the moment. */
  #systemTheme = $state<Theme>('light');
  #chosenTheme = $state<Theme | null>(null);

  readonly text = $derived(DICTIONARIES[this.language]);
  readonly theme = $derived(this.#chosenTheme ?? this.#systemTheme);

  constructor() {
    const language = recall('language');
    this.language = language === 'zh' || language === 'en' ? language : preferredLanguage(navigator.languages);
    const theme = recall('theme');
    this.#chosenTheme = theme === 'light' || theme === 'dark' ? theme : null;
    if (recall('contextOverflow') === 'drop_oldest') this.contextOverflow = 'drop_oldest';
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => (this.#systemTheme = dark.matches ? 'dark' : 'light');
    dark.addEventListener('change', follow);
    follow();
  }

  chooseContextOverflow(choice: ContextOverflow): void {
    this.contextOverflow = choice;
    remember('contextOverflow', choice);
  }

  switchLanguage(): void {
    this.language = this.language === 'zh' ? 'en' : 'zh';
    remember('language', this.language);
  }

  /** Shows the other theme. Choosing what the system asks for means following the system again. */
  switchTheme(): void {
    const other = this.theme === 'dark' ? 'light' : 'dark';
    this.#chosenTheme = other === this.#systemTheme ? null : other;
    remember('theme', this.#chosenTheme);
  }
}
