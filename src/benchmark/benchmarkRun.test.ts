import { expect, test } from 'vitest';
import type { BenchmarkOptions } from '../engine/api';
import type { BenchmarkReport } from '../../workers/protocol/benchmark';
import { BenchmarkRun } from './benchmarkRun.svelte';

const result = { state: 'measured', tokensPerSecond: 5 };
const report = (count: number) =>
  ({ shapes: [{ cases: [{ kind: 'prefill', tokens: 128, result }].slice(0, count) }] }) as unknown as BenchmarkReport;
const progress = (count: number) =>
  ({ phase: 'case', shape: 'nano', case: null, done: 2, total: 8, report: report(count) }) as const;

test('what is measured shows while the run goes on, and stays', async () => {
  const asked: BenchmarkOptions[] = [];
  const run = new BenchmarkRun(async (options) => {
    asked.push(options);
    options.onProgress!(progress(0));
    expect(run.resultOf({ kind: 'prefill', tokens: 128 })).toBeNull();
    options.onProgress!(progress(1));
    expect(run.resultOf({ kind: 'prefill', tokens: 128 })).toEqual(result);
    return report(1);
  });
  await run.start('nano');
  expect(asked).toMatchObject([{ shapes: ['nano'], prefill: [128, 512, 2048], decode: [128, 1024, 4096] }]);
  expect(run.status).toBe('done');
  // Too late to count.
  asked[0]!.onProgress!(progress(0));
  expect(run).toMatchObject({ progress: null, failure: null });
  expect(run.resultOf({ kind: 'prefill', tokens: 128 })).toEqual(result);
});

test('a stop is no failure, a crash is one', async () => {
  const stopped = new BenchmarkRun(({ signal }) => {
    return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('stopped'))));
  });
  const ended = stopped.start('nano');
  stopped.stop();
  expect(stopped).toMatchObject({ status: 'running', isStopping: true });
  await ended;
  const nothing = { isStopping: false, hasFigures: false, failure: null };
  expect(stopped).toMatchObject({ status: 'stopped', asked: 'nano', ...nothing });

  const crashed = new BenchmarkRun(() => Promise.reject(Object.assign(new Error('gone'), { name: 'DeviceLostError' })));
  await crashed.start('nano');
  expect(crashed).toMatchObject({ status: 'done', failure: { name: 'DeviceLostError', detail: 'gone' } });
});

test('a run that is stopped before writing was measured leaves what an earlier one has found', async () => {
  const whole = { shapes: [{ cases: [{ kind: 'decode', tokens: 128, result }] }] } as unknown as BenchmarkReport;
  const ends = [whole, report(1), whole];
  const run = new BenchmarkRun(async () => ends.shift()!);
  await run.start('nano');
  const stopped = run.start('0.3B');
  expect(run.report).toBeNull();
  run.stop();
  await stopped;
  expect(run).toMatchObject({ status: 'stopped', asked: 'nano', report: whole });
  await run.start('0.3B');
  expect(run).toMatchObject({ status: 'done', asked: '0.3B' });
});
