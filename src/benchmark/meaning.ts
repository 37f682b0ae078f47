import type { Language } from '../i18n/language';
import type { BenchmarkCase, BenchmarkFigures, BenchmarkShapeReport } from '../../workers/protocol/benchmark';

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

/** Null until writing was measured. */
export function meaningOf(shape: BenchmarkShapeReport, language: Language): Meaning | null {
  const writing = typicalWriting(shape);
  if (!writing) return null;
  const reading = measured(shape, 'prefill');
  const prompt = reading.find(({ tokens }) => tokens >= 500) ?? reading.at(-1);
  return {
    wordsPerSecond: writing.tokensPerSecond * WORDS_PER_TOKEN[language],
    pace: paceOf(writing.tokensPerSecond),
    prompt: prompt ? { tokens: prompt.tokens, seconds: prompt.firstTokenSeconds } : null,
    bandwidth: bandwidthOf(writing),
  };
}

/** Writing behind a text of medium length, where that was measured; null until writing was. */
export function typicalWriting(shape: BenchmarkShapeReport): BenchmarkFigures | null {
  const writing = measured(shape, 'decode');
  return writing.find(({ tokens }) => tokens >= 1000) ?? writing.at(-1) ?? null;
}

function measured({ cases }: BenchmarkShapeReport, asked: BenchmarkCase['kind']) {
  return cases.flatMap(({ kind, tokens, result }) =>
    kind === asked && result.state === 'measured' ? [{ tokens, ...result }] : [],
  );
}

function paceOf(tokensPerSecond: number): Meaning['pace'] {
  if (tokensPerSecond > READING_TOKENS_PER_SECOND * CLEARLY) return 'fast';
  return tokensPerSecond < READING_TOKENS_PER_SECOND / CLEARLY ? 'slow' : 'even';
}

function bandwidthOf({ gigabytesPerSecond, shareOfBandwidth: share }: BenchmarkFigures): Meaning['bandwidth'] {
  return gigabytesPerSecond === null || share === null ? null : { gigabytesPerSecond, share };
}
