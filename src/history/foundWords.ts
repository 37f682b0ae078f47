/** A stretch of a text, and whether it is a word that was searched for. */
export interface Stretch {
  text: string;
  isFound: boolean;
}

/** The words of a search. */
export function wordsOf(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** `text` cut where words of `query` begin and end, in any case. Joined, the stretches are the text. */
export function foundWords(text: string, query: string): Stretch[] {
  // Of two words that begin alike the longer one is to be found.
  const words = wordsOf(query).sort((a, b) => b.length - a.length);
  if (words.length === 0) return [{ text, isFound: false }];
  const pattern = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  // With a group around it, what is found stands at every second place.
  return text
    .split(new RegExp(`(${pattern})`, 'giu'))
    .map((stretch, i) => ({ text: stretch, isFound: i % 2 === 1 }))
    .filter(({ text: stretch }) => stretch !== '');
}
