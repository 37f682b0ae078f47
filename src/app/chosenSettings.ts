import { recall } from './remembered';

export const TEXT_SIZES = ['small', 'normal', 'large', 'largest'] as const;

const CHOICES = {
  language: ['zh', 'en'],
  theme: ['light', 'dark'],
  textSize: TEXT_SIZES,
  motion: ['reduce'],
  contextOverflow: ['stop', 'drop_oldest'],
} as const;

type Choices = typeof CHOICES;
type Key = keyof Choices;

export type Theme = Choices['theme'][number];
export type TextSize = (typeof TEXT_SIZES)[number];

/** What the reader has chosen for the whole page, under the keys and in the words in which it is remembered. */
export type ChosenSettings = { -readonly [K in Key]?: Choices[K][number] };

const KEYS = Object.keys(CHOICES) as Key[];

/** What was chosen in this browser. */
export function chosenSettings(): ChosenSettings {
  return knownSettings(Object.fromEntries(KEYS.map((key) => [key, recall(key)])));
}

/** What of untrusted data is a choice that this page offers. */
export function knownSettings(given: Readonly<Record<string, unknown>>): ChosenSettings {
  const known = KEYS.filter((key) => (CHOICES[key] as readonly unknown[]).includes(given[key]));
  return Object.fromEntries(known.map((key) => [key, given[key]]));
}
