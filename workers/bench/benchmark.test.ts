import { expect, test } from 'vitest';
import type { BenchmarkProgress, BenchmarkRequest } from '../protocol/benchmark';
import { runBenchmark } from './benchmark';

const REQUEST: BenchmarkRequest = { shapes: ['nano'], prefill: [4], decode: [9, 3], secondsPerCase: 2 };
const running = () => new AbortController().signal;

function run(request: Partial<BenchmarkRequest>, signal = running(), onProgress = (_: BenchmarkProgress) => {}) {
  return runBenchmark({ backend: 'cpu' }, { ...REQUEST, ...request }, onProgress, signal);
}

test('every case is measured, short ones first, and progress comes to its end', async () => {
  const steps: string[] = [];
  const report = await run({}, running(), ({ phase, case: current, done, total }) => {
    steps.push(`${done}/${total} ${phase} ${current ? `${current.kind} ${current.tokens}` : ''}`.trim());
  });
  expect(steps).toEqual(['0/5 device', '1/5 setup', '2/5 case prefill 4', '3/5 case decode 3', '4/5 case decode 9']);
  expect(report).toMatchObject({ copyGigabytesPerSecond: null, peakGigaflops: null });
  const [shape] = report.shapes;
  expect(shape).toMatchObject({ shape: 'nano', parameters: 1_906_752, contextLength: 9 + 64 });
  expect(shape!.cases.map(({ kind, tokens }) => [kind, tokens])).toEqual([
    ['prefill', 4],
    ['decode', 3],
    ['decode', 9],
  ]);
  for (const { kind, result } of shape!.cases) {
    if (result.state !== 'measured') throw new Error(`${result.state}: ${result.detail}`);
    expect(result.repeats).toBeGreaterThan(0);
    expect(result.tokensPerSecond).toBeGreaterThan(0);
    expect(result.firstTokenSeconds).toBeGreaterThan(0);
    expect(result.shareOfPeak).toBeNull();
    const readPerToken = (result.gigabytesPerSecond! * 1e9) / result.tokensPerSecond;
    if (kind === 'prefill') expect(result.gigabytesPerSecond).toBeNull();
    else expect(readPerToken).toBeGreaterThan(shape!.weightBytesPerToken);
  }
});

test('what takes longer than allowed is said to, and so is what is longer still', async () => {
  const report = await run({ prefill: [300, 600], decode: [], secondsPerCase: 1e-3 });
  const results = report.shapes[0]!.cases.map(({ result }) => result);
  expect(results).toEqual([
    { state: 'too-slow', detail: expect.stringContaining('0.0010 s allowed') },
    { state: 'too-slow', detail: expect.stringContaining('shorter') },
  ]);
});

test('a stop keeps what was measured', async () => {
  const stop = new AbortController();
  const report = await run({}, stop.signal, ({ case: current }) => {
    if (current?.kind === 'decode') stop.abort();
  });
  const states = report.shapes[0]!.cases.map(({ result }) => result.state);
  expect(states).toEqual(['measured', 'stopped', 'stopped']);
});

test('a request that makes no sense is refused before anything is made', async () => {
  await expect(run({ shapes: ['9B' as 'nano'] })).rejects.toThrow(RangeError);
  await expect(run({ decode: [0] })).rejects.toThrow(RangeError);
  await expect(run({ secondsPerCase: 0 })).rejects.toThrow(RangeError);
});
