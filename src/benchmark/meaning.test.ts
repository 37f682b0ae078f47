import { expect, test } from 'vitest';
import type { BenchmarkCase, BenchmarkShapeReport } from '../../workers/protocol/benchmark';
import { meaningOf } from './meaning';

const measured = (kind: BenchmarkCase['kind'], tokens: number, tokensPerSecond: number) => ({
  kind,
  tokens,
  result: {
    state: 'measured',
    tokensPerSecond,
    firstTokenSeconds: tokens / tokensPerSecond,
    gigabytesPerSecond: kind === 'decode' ? 30 : null,
    shareOfBandwidth: kind === 'decode' ? 0.6 : null,
  },
});
const tooSlow = (kind: BenchmarkCase['kind'], tokens: number) => ({
  kind,
  tokens,
  result: { state: 'too-slow', detail: '' },
});
const shape = (...cases: object[]) => ({ cases }) as BenchmarkShapeReport;

test('words per second are those behind a text of medium length', () => {
  const cases = [measured('prefill', 128, 200), measured('prefill', 512, 256), measured('prefill', 2048, 100)];
  const writing = [measured('decode', 128, 30), measured('decode', 1024, 20), measured('decode', 4096, 10)];
  const meaning = meaningOf(shape(...cases, ...writing), 'en');
  expect(meaning).toEqual({
    wordsPerSecond: 15,
    pace: 'fast',
    prompt: { tokens: 512, seconds: 2 },
    bandwidth: { gigabytesPerSecond: 30, share: 0.6 },
  });
  expect(meaningOf(shape(...writing), 'zh')).toMatchObject({ wordsPerSecond: 30, prompt: null });
});

test('what was measured counts where the rest was too slow', () => {
  const cases = [measured('prefill', 128, 16), tooSlow('prefill', 512)];
  const meaning = meaningOf(shape(...cases, measured('decode', 128, 2), tooSlow('decode', 1024)), 'en');
  expect(meaning).toMatchObject({ wordsPerSecond: 1.5, pace: 'slow', prompt: { tokens: 128, seconds: 8 } });
  expect(meaningOf(shape(tooSlow('decode', 128)), 'en')).toBeNull();
});
