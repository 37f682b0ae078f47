/* eslint-disable svelte/prefer-svelte-reactivity -- the map is replaced as a whole, and the set is a local one */
import { recall, remember } from '../app/remembered';
import { languageStates, onDeviceRecognition, type LanguageState, type Recognition } from './onDevice';

/** Languages that are asked for, beside the reader's own. */
const LANGUAGES = ['zh-CN', 'en-US', 'ja-JP', 'ko-KR', 'de-DE', 'fr-FR', 'es-ES', 'pt-BR', 'hi-IN'];

/** Speech to text by the browser, on this device or not at all. */
export class Dictation {
  #states = $state.raw<ReadonlyMap<string, LanguageState>>(new Map());
  #chosen = $state(recall('dictation'));
  isListening = $state(false);
  /** True where the reader or the browser has not let the page listen. */
  isRefused = $state(false);

  /** Languages that can be spoken at once, and those that the browser could fetch. */
  readonly available = $derived(this.#in('available'));
  readonly obtainable = $derived([...this.#in('downloadable'), ...this.#in('downloading')]);
  /** The language that is listened to: the chosen one, else the first of the reader's. Null where there is none. */
  readonly language = $derived(this.available.find((lang) => lang === this.#chosen) ?? this.available[0] ?? null);

  readonly #recognition;
  readonly #languages: string[];
  #current: Recognition | null = null;

  constructor(scope: object = window, readerLanguages: readonly string[] = navigator.languages) {
    this.#recognition = onDeviceRecognition(scope);
    this.#languages = [...new Set([...readerLanguages.filter((lang) => lang.includes('-')), ...LANGUAGES])];
  }

  /** Asks the browser for the languages that it knows. */
  async look(): Promise<void> {
    if (this.#recognition) this.#states = await languageStates(this.#recognition, this.#languages);
  }

  choose(language: string): void {
    this.#chosen = language;
    remember('dictation', language);
  }

  /** Has the browser fetch what it needs for a language. */
  async obtain(language: string): Promise<void> {
    await this.#recognition?.install({ langs: [language], processLocally: true }).catch(() => false);
    await this.look();
  }

  /** Listens until `stop` or silence. `onText` is given all that was understood so far, which may still change. */
  start(onText: (text: string) => void): void {
    if (!this.#recognition || this.language === null || this.#current) return;
    const recognition = new this.#recognition();
    recognition.processLocally = true;
    recognition.lang = this.language;
    recognition.continuous = true;
    recognition.interimResults = true;
    recognition.onresult = ({ results }) => {
      onText(Array.from(results, (alternatives) => alternatives[0]?.transcript ?? '').join(''));
    };
    recognition.onerror = ({ error }) => {
      this.isRefused = error === 'not-allowed' || error === 'service-not-allowed';
    };
    recognition.onend = () => {
      if (this.#current === recognition) this.#current = null;
      this.isListening = this.#current !== null;
    };
    this.#current = recognition;
    this.isRefused = false;
    this.isListening = true;
    recognition.start();
  }

  /** Ends listening; what was said by then may still arrive. */
  stop(): void {
    this.#current?.stop();
  }

  /** Ends listening, and forgets what has not arrived. */
  abort(): void {
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    this.isListening = false;
    current.onresult = null;
    current.abort();
  }

  #in(state: LanguageState): string[] {
    return [...this.#states].filter(([, its]) => its === state).map(([lang]) => lang);
  }
}
