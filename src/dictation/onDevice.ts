/** How a browser stands to a language: it knows it, could fetch it, fetches it, or has none for it. */
export type LanguageState = 'available' | 'downloadable' | 'downloading' | 'unavailable';

/** What the page uses of the Web Speech API. https://webaudio.github.io/web-speech-api/ */
export interface Recognition {
  lang: string;
  continuous: boolean;
  interimResults: boolean;
  /** True keeps speech on the device, or fails. */
  processLocally: boolean;
  onresult: ((event: { results: ArrayLike<ArrayLike<{ transcript: string }>> }) => void) | null;
  onend: (() => void) | null;
  onerror: ((event: { error: string }) => void) | null;
  start(): void;
  stop(): void;
  abort(): void;
}

export interface RecognitionClass {
  new (): Recognition;
  available(options: RecognitionOptions): Promise<LanguageState>;
  install(options: RecognitionOptions): Promise<boolean>;
}

interface RecognitionOptions {
  langs: string[];
  processLocally: true;
}

/**
 * The browser's speech recognition where it can be told to stay on the device, else null: what most browsers have sends
 * speech to their maker.
 */
export function onDeviceRecognition(scope: object): RecognitionClass | null {
  const { SpeechRecognition: recognition } = scope as { SpeechRecognition?: RecognitionClass };
  const staysHere =
    typeof recognition?.available === 'function' && 'processLocally' in (recognition.prototype as object);
  return staysHere ? recognition : null;
}

/** How the browser stands to each of `languages`, by itself and without asking anybody. */
export async function languageStates(
  recognition: RecognitionClass,
  languages: readonly string[],
): Promise<Map<string, LanguageState>> {
  const states = await Promise.all(
    languages.map((lang) =>
      recognition.available({ langs: [lang], processLocally: true }).catch(() => 'unavailable' as const),
    ),
  );
  return new Map(languages.map((lang, i) => [lang, states[i]!]));
}
