import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import { chooseKernels, forceKernels, goOnChoosing } from './chooseKernels';
import { Deadline } from './deadline';
import { areBatchesExact, choiceOf, formOf, PRODUCT_CLASSES, VARIANTS } from './kernelChoice';
import type { KernelTrials } from './kernelTrials';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Times = Partial<Record<KernelVariant, number>>;

interface Outcomes {
  /** Variants that compute wrong. */
  wrong?: readonly string[];
  /** Variants whose batches differ from single rows. */
  inexact?: readonly string[];
  /** Milliseconds of the check of a variant; 1 where nothing is said. */
  checkMs?: Readonly<Record<string, number>>;
  /** Milliseconds of a comparison. */
  timeMs?: number;
}

/** Trials whose outcomes are given: variants take the times of their class. */
function trialsOf(
  times: Record<ProductClass, Times>,
  { wrong = [], inexact = [], checkMs = {}, timeMs = 1 }: Outcomes = {},
) {
  const calls: string[] = [];
  const passed = (milliseconds: number) => new Promise((resolve) => void setTimeout(resolve, milliseconds));
  const trials: KernelTrials = {
    underWay: new Set(),
    formOf: (products, wanted) => formOf(products, 'int4', wanted),
    check: async (products, variant, idle) => {
      const name = `${products} ${variant}`;
      calls.push(`check ${name}`);
      await passed(checkMs[name] ?? 1);
      await idle;
      return { wrong: wrong.includes(name) ? 'computes wrong' : null, isBatchExact: !inexact.includes(name) };
    },
    time: async (products, variants, deadline) => {
      calls.push(`time ${products} ${variants.join()}`);
      await passed(timeMs);
      if (deadline.isOver) return null;
      return new Map(variants.map((variant) => [variant, times[products][variant]!]));
    },
  };
  return { trials, calls };
}

/** What `work` comes to, with its milliseconds. */
async function timed<T>(work: Promise<T>): Promise<{ result: T; milliseconds: number }> {
  const started = performance.now();
  let milliseconds = 0;
  const noted = work.finally(() => {
    milliseconds = performance.now() - started;
  });
  noted.catch(() => undefined);
  await vi.runAllTimersAsync();
  return { result: await noted, milliseconds };
}

async function choose(trials: KernelTrials, candidates: readonly KernelReport[], milliseconds = 60_000) {
  return (await timed(chooseKernels(trials, candidates, new Deadline(milliseconds)))).result;
}

/** Candidates of both classes: those named are available. */
function candidatesOf(available: readonly KernelVariant[]): KernelReport[] {
  return PRODUCT_CLASSES.flatMap((products) =>
    VARIANTS.map((variant): KernelReport => {
      const report = { name: `${products} ${variant}`, products, variant };
      return available.includes(variant)
        ? { ...report, state: 'available' }
        : { ...report, state: 'refused', reason: 'needs more' };
    }),
  );
}

const stateOf = (reports: KernelReport[], wanted: string) => reports.find(({ name }) => name === wanted)!;

describe('a choice by trial', () => {
  const times = { matvec: { f32: 100, subgroups: 90, f16: 85, int8: 40 }, matmul: { f32: 100, f16: 50, int8: 60 } };

  test('takes the best of each class and says why not the others', async () => {
    const { trials, calls } = trialsOf(times);
    const reports = await choose(trials, candidatesOf(['f32', 'f16', 'int8']));
    expect(choiceOf(reports)).toEqual({ matvec: 'int8', matmul: 'f16' });
    expect(stateOf(reports, 'matvec int8')).toMatchObject({ state: 'active', microseconds: 40 });
    expect(stateOf(reports, 'matvec f32')).toMatchObject({ state: 'available', reason: 'int8 is preferred: faster' });
    expect(stateOf(reports, 'matvec subgroups')).toMatchObject({ state: 'refused', reason: 'needs more' });
    expect(calls).toContain('time matvec f32,f16');
    expect(calls).toContain('time matvec f16,int8');
  });

  test('says of a less exact variant that it is not enough faster', async () => {
    const reports = await choose(trialsOf(times).trials, candidatesOf(['f32', 'subgroups', 'f16']));
    expect(choiceOf(reports).matvec).toBe('subgroups');
    expect(stateOf(reports, 'matvec f16').reason).toMatch(/subgroups is preferred: nearly as fast and more exact/);
  });

  test('does not use, nor time, what computes wrong, and reports it', async () => {
    const { trials, calls } = trialsOf(times, { wrong: ['matvec int8'] });
    const reports = await choose(trials, candidatesOf(['f32', 'f16', 'int8']));
    expect(choiceOf(reports).matvec).toBe('f16');
    expect(stateOf(reports, 'matvec int8')).toMatchObject({ state: 'failed', reason: 'computes wrong' });
    expect(calls).toContain('time matvec f32,f16');
  });

  test('reports what does not compile at the size of the model', async () => {
    const { trials } = trialsOf({ ...times, matvec: { f32: 100, int8: Infinity } });
    const reports = await choose(trials, candidatesOf(['f32', 'int8']));
    expect(stateOf(reports, 'matvec int8')).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/compile/),
    });
    expect(choiceOf(reports).matvec).toBe('f32');
  });

  test('computes nothing of the next variant while one is timed', async () => {
    const { trials, calls } = trialsOf(times, { timeMs: 100 });
    const { check, time } = trials;
    let isTiming = false;
    const computed: string[] = [];
    trials.check = async (products, variant, idle) => {
      const result = await check(products, variant, idle);
      computed.push(`${products} ${variant}${isTiming ? ' while another is timed' : ''}`);
      return result;
    };
    trials.time = async (...of) => {
      isTiming = true;
      return time(...of).finally(() => (isTiming = false));
    };
    await choose(trials, candidatesOf(['f32', 'f16']));
    expect(computed).toEqual(['matvec f32', 'matmul f32', 'matvec f16', 'matmul f16']);
    expect(calls.indexOf('check matmul f16')).toBeLessThan(calls.indexOf('time matmul f32,f16'));
  });

  test('times nothing where the plain kernels are alone', async () => {
    const { trials, calls } = trialsOf(times);
    const reports = await choose(trials, candidatesOf(['f32']));
    expect(choiceOf(reports)).toEqual({ matvec: 'f32', matmul: 'f32' });
    expect(calls).toEqual(['check matvec f32', 'check matmul f32']);
  });

  test('refuses a device on which the plain kernels compute wrong', async () => {
    const { trials } = trialsOf(times, { wrong: ['matmul f32'] });
    await expect(choose(trials, candidatesOf(['f32', 'f16']))).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: 'This graphics device cannot be used: even its plain kernels fail (matmul f32: computes wrong).',
    });
  });
});

describe('a deadline', () => {
  const times = { matvec: { f32: 100, f16: 80, subgroups: 50 }, matmul: { f32: 100, f16: 80, subgroups: 50 } };
  const candidates = candidatesOf(['f32', 'f16', 'subgroups']);
  const states = (reports: KernelReport[]) =>
    Object.fromEntries(reports.map(({ name, state, because }) => [name, because ? `${state} ${because.code}` : state]));

  test('leaves what there is no time for to later loads, until all is tried', async () => {
    const outcomes = { timeMs: 300 };
    const first = await timed(chooseKernels(trialsOf(times, outcomes).trials, candidates, new Deadline(900)));
    expect(first.milliseconds).toBeLessThanOrEqual(1000);
    expect(states(first.result)).toMatchObject({
      'matvec f32': 'available slower',
      'matvec f16': 'active',
      'matmul f16': 'active',
      'matvec subgroups': 'available no-time',
      'matmul subgroups': 'available no-time',
    });
    const { trials, calls } = trialsOf(times, outcomes);
    const { result } = await timed(goOnChoosing(trials, first.result, new Deadline(900)));
    expect(calls).toEqual([
      'check matvec f16',
      'check matmul f16',
      // The timing of the other had begun.
      'check matmul subgroups',
      'check matvec subgroups',
      'time matmul f16,subgroups',
      'time matvec f16,subgroups',
    ]);
    expect(choiceOf(result!)).toEqual({ matvec: 'subgroups', matmul: 'subgroups' });
    expect(result!.some(({ lateTrials }) => lateTrials !== undefined)).toBe(false);
    const last = trialsOf(times, outcomes);
    expect((await timed(goOnChoosing(last.trials, result!, new Deadline(900)))).result).toEqual(result);
    expect(last.calls).toEqual(['check matvec subgroups', 'check matmul subgroups']);
  });

  test('is not held up by a variant that takes long to compile, which comes last from then on', async () => {
    const outcomes = { checkMs: { 'matvec f16': 5000 } };
    const first = await timed(chooseKernels(trialsOf(times, outcomes).trials, candidates, new Deadline(900)));
    expect(first.milliseconds).toBe(900);
    expect(states(first.result)).toMatchObject({ 'matvec f32': 'active', 'matmul f32': 'active' });
    const { trials } = trialsOf(times, outcomes);
    const { result } = await timed(goOnChoosing(trials, first.result, new Deadline(900)));
    expect(states(result!)).toMatchObject({
      'matvec subgroups': 'active',
      'matmul subgroups': 'active',
      'matvec f16': 'available no-time',
    });
  });

  test('is met in vain three times: then a variant is given up', async () => {
    const outcomes = { checkMs: { 'matvec f16': 5000, 'matmul f16': 5000 } };
    const { trials, calls } = trialsOf(times, outcomes);
    let reports = await choose(trials, candidatesOf(['f32', 'f16']), 900);
    // Two variants, three times each, one a load.
    for (let load = 2; load <= 6; load++) {
      expect(reports.some(({ because }) => because?.code === 'no-time')).toBe(true);
      reports = (await timed(goOnChoosing(trials, reports, new Deadline(900)))).result!;
    }
    expect(states(reports)).toMatchObject({ 'matvec f16': 'available given-up', 'matmul f16': 'available given-up' });
    calls.length = 0;
    expect((await timed(goOnChoosing(trials, reports, new Deadline(900)))).result).toEqual(reports);
    expect(calls).toEqual(['check matvec f32', 'check matmul f32']);
  });

  test('that is over before the first trial is met in vain as well: one variant of a load, until all are given up', async () => {
    const { trials, calls } = trialsOf(times, { checkMs: { 'matvec f32': 900 } });
    let reports = await choose(trials, candidatesOf(['f32', 'f16']), 900);
    expect(states(reports)).toMatchObject({ 'matvec f16': 'available no-time', 'matmul f16': 'available no-time' });
    for (let load = 2; load <= 6; load++)
      reports = (await timed(goOnChoosing(trials, reports, new Deadline(900)))).result!;
    expect(states(reports)).toMatchObject({ 'matvec f16': 'available given-up', 'matmul f16': 'available given-up' });
    expect(calls).not.toContain('check matvec f16');
  });

  test('does not end the test of what computes', async () => {
    const slow = { checkMs: { 'matvec f32': 3000 } };
    const { result, milliseconds } = await timed(
      chooseKernels(trialsOf(times, slow).trials, candidates, new Deadline(900)),
    );
    expect(milliseconds).toBe(3000);
    expect(states(result)).toMatchObject({ 'matvec f32': 'active', 'matvec f16': 'available no-time' });
  });
});

test('of active variants whose batches differ from single rows, that is said', async () => {
  const times = { matvec: { f32: 100, f16: 50 }, matmul: { f32: 100, f16: 50 } };
  const inexact = trialsOf(times, { inexact: ['matvec f16'] });
  const reports = await choose(inexact.trials, candidatesOf(['f32', 'f16']));
  expect(stateOf(reports, 'matvec f16')).toMatchObject({ state: 'active', isBatchExact: false });
  expect(areBatchesExact(reports)).toBe(false);
  const forced = await timed(forceKernels(inexact.trials, candidatesOf(['f32', 'f16']), 'f16'));
  expect(areBatchesExact(forced.result)).toBe(false);
  const { result } = await timed(goOnChoosing(trialsOf(times).trials, reports, new Deadline(900)));
  expect(areBatchesExact(result!)).toBe(true);
  // One that is not used does not count.
  expect(
    areBatchesExact(await choose(trialsOf(times, { inexact: ['matvec f32'] }).trials, candidatesOf(['f32', 'f16']))),
  ).toBe(true);
});

describe('a variant that is asked for', () => {
  test('is active, or what serves in its place', async () => {
    const { trials, calls } = trialsOf({ matvec: {}, matmul: {} });
    const candidates = candidatesOf(['f32', 'subgroups']);
    const { result: reports } = await timed(forceKernels(trials, candidates, 'subgroup-matrix'));
    expect(stateOf(reports, 'matvec subgroups').state).toBe('active');
    expect(stateOf(reports, 'matvec f32')).toMatchObject({
      state: 'available',
      reason: 'subgroup-matrix was asked for',
    });
    expect(reports.filter(({ state }) => state === 'active')).toHaveLength(2);
    expect(calls).toEqual(['check matvec subgroup-matrix', 'check matmul subgroup-matrix']);
  });

  test('is an error where it computes wrong', async () => {
    const { trials } = trialsOf({ matvec: {}, matmul: {} }, { wrong: ['matvec f16'] });
    await expect(timed(forceKernels(trials, candidatesOf(['f32', 'f16']), 'f16'))).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: expect.stringMatching(/f16.*computes wrong/),
    });
  });
});

test('an earlier choice is right as long as its active variants are', async () => {
  const reports = candidatesOf(['f32']);
  const refused = stateOf(reports, 'matvec f16');
  Object.assign(refused, { state: 'active', reason: undefined });
  stateOf(reports, 'matvec f32').state = 'failed';
  stateOf(reports, 'matmul f32').state = 'active';
  const goOn = async (...wrong: string[]) => {
    const { trials, calls } = trialsOf({ matvec: {}, matmul: {} }, { wrong });
    const { result } = await timed(goOnChoosing(trials, reports, new Deadline(900)));
    return { isRight: result !== null, calls };
  };
  expect(await goOn('matmul f16')).toEqual({ isRight: true, calls: ['check matvec f16', 'check matmul f32'] });
  expect((await goOn('matvec f16')).isRight).toBe(false);
});
