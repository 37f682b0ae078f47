import { createSubscriber } from 'svelte/reactivity';
import { speechLanguage } from './speechLanguage';

/** Browsers bring voices late, and tell of it. One listener serves the buttons of all answers. */
const followVoices = createSubscriber((update) => {
  speechSynthesis.addEventListener('voiceschanged', update);
  return () => speechSynthesis.removeEventListener('voiceschanged', update);
});

/**
 * A voice to read `text` aloud with; undefined where there is none. Only voices of the device itself: others would send the
 * text to their maker. What reads it in an effect or a derived follows what voices there are.
 */
export function voiceFor(text: string): SpeechSynthesisVoice | undefined {
  if (!('speechSynthesis' in globalThis)) return undefined;
  followVoices();
  const voices = speechSynthesis.getVoices().filter(({ localService }) => localService);
  if (voices.length === 0) return undefined;
  const language = speechLanguage(text);
  return voices.find(({ lang }) => lang.startsWith(language));
}
