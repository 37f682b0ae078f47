import type { Dictionary } from '../i18n/en';
import { fill } from '../i18n/fill';
import type { Language } from '../i18n/language';
import { formatBytes, formatDuration, formatNumber } from '../format';
import type { TransferSpeed } from '../sources/transferSpeed';
import type { Verdict } from './fit';

type Texts = Dictionary['catalogue'];

/** A verdict as a plain sentence. */
export function verdictSentence(verdict: Verdict, text: Texts, language: Language): string {
  const sentence = text.verdicts[verdict.kind];
  switch (verdict.kind) {
    case 'fits':
      return sentence;
    case 'tight':
      return fill(sentence, { context: formatNumber(verdict.context) });
    case 'no-storage':
      return fill(sentence, { size: formatBytes(verdict.missingBytes, language) });
    case 'unsure':
      return fill(sentence, { size: formatBytes(verdict.memoryBytes, language) });
    case 'no-memory':
      return fill(sentence, {
        size: formatBytes(verdict.memoryBytes, language),
        room: formatBytes(verdict.roomBytes, language),
      });
  }
}

/** 'so much to download', with the time where a speed is known. */
export function sizeSentence(bytes: number, speed: TransferSpeed | null, text: Texts, language: Language): string {
  const size = formatBytes(bytes, language);
  if (!speed) return fill(text.size, { size });
  const time = formatDuration(bytes / speed.bytesPerSecond, language);
  return fill(speed.basis === 'measured' ? text.sizeAndTime : text.sizeAndTimeTold, { size, time });
}

/** Two sentences, one behind the other. */
export function joined(first: string, second: string, language: Language): string {
  return language === 'zh' ? first + second : `${first} ${second}`;
}

/** How long a download takes, and how that is known. */
export function timeSentence(bytes: number, speed: TransferSpeed | null, text: Texts, language: Language): string {
  if (!speed) return text.timeUnknown;
  const time = formatDuration(bytes / speed.bytesPerSecond, language);
  if (speed.basis === 'told') return fill(text.timeTold, { time });
  return fill(text.timeMeasured, { time, speed: formatBytes(speed.bytesPerSecond, language) });
}

/** Words of English, or characters of Chinese, that a token of MiniCPM's vocabularies stands for on average. */
const WORDS_PER_TOKEN: Record<Language, number> = { en: 0.75, zh: 1.5 };

/** A context in tokens and in what people count, to two digits. */
export function contextSentence(tokens: number, text: Texts, language: Language): string {
  const words = Number((tokens * WORDS_PER_TOKEN[language]).toPrecision(2));
  return fill(text.contextChoice, { tokens: formatNumber(tokens), words: formatNumber(words) });
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** '2026-05' as year and month; by hand, as `formatNumber`. */
export function formatMonth(release: string, language: Language): string {
  const [year, month] = release.split('-').map(Number) as [number, number];
  return language === 'zh' ? `${year}年${month}月` : `${MONTHS[month - 1]} ${year}`;
}

/** '2026-11-25' as a date. */
export function formatDay(day: string, language: Language): string {
  const shape = { dateStyle: 'medium', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(language, shape).format(new Date(`${day}T00:00:00Z`));
}
