import type { Language } from '../i18n/language';
import type { BenchmarkFigures, BenchmarkShapeReport } from '../../workers/protocol';

/** Words of English, or characters of Chinese, that a token of MiniCPM's vocabulary stands for on average. */
const WORDS_PER_TOKEN: Record<Language, number> = { en: 0.75, zh: 1.5 };

/** People read about as many tokens per second; a good deal more or less is said to be so. */
const READING_TOKENS_PER_SECOND = 5;
const CLEARLY = 1.6;

/** What the figures of a shape mean to a person. */
export interface Meaning {
  wordsPerSecond: number;
  /** Compared with how fast people read. */
  pace: 'fast' | 'even' | 'slow';
  /** Waiting time for the first word behind a long prompt; null where that was not measured. */
  prompt: { tokens: number; seconds: number } | null;
  /** Memory traffic of writing; null on the CPU. */
  bandwidth: { gigabytesPerSecond: number; share: number } | null;
}

/** Null until writing was measured. The text in the cache is of medium length where that was measured. */
export function meaningOf({ cases }: BenchmarkShapeReport, language: Language): Meaning | null {
  const measured = cases.flatMap(({ kind, tokens, result }) =>
    result.state === 'measured' ? [{ kind, tokens, result }] : [],
  );
  const writing = measured.filter(({ kind }) => kind === 'decode');
  const typical = writing.find(({ tokens }) => tokens >= 1000) ?? writing.at(-1);
  if (!typical) return null;
  const { tokensPerSecond } = typical.result;
  const reading = measured.filter(({ kind }) => kind === 'prefill');
  const prompt = reading.find(({ tokens }) => tokens >= 500) ?? reading.at(-1);
  return {
    wordsPerSecond: tokensPerSecond * WORDS_PER_TOKEN[language],
    pace: paceOf(tokensPerSecond),
    prompt: prompt ? { tokens: prompt.tokens, seconds: prompt.result.firstTokenSeconds } : null,
    bandwidth: bandwidthOf(typical.result),
  };
}

function paceOf(tokensPerSecond: number): Meaning['pace'] {
  if (tokensPerSecond > READING_TOKENS_PER_SECOND * CLEARLY) return 'fast';
  return tokensPerSecond < READING_TOKENS_PER_SECOND / CLEARLY ? 'slow' : 'even';
}

function bandwidthOf({ gigabytesPerSecond, shareOfBandwidth: share }: BenchmarkFigures): Meaning['bandwidth'] {
  return gigabytesPerSecond === null || share === null ? null : { gigabytesPerSecond, share };
}
