import { describe, expect, test } from 'vitest';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import { areRight, chooseKernels, forceKernels } from './chooseKernels';
import { choiceOf, formOf, PRODUCT_CLASSES, VARIANTS } from './kernelChoice';
import type { KernelTrials } from './kernelTrials';

type Times = Partial<Record<KernelVariant, number>>;

/** Trials whose outcomes are given: variants in `wrong` fail, the others take the times of their class. */
function trialsOf(times: Record<ProductClass, Times>, wrong: readonly string[] = []) {
  const calls: string[] = [];
  const trials: KernelTrials = {
    formOf: (products, wanted) => formOf(products, 'int4', wanted),
    check: async (products, variant) => {
      calls.push(`check ${products} ${variant}`);
      return wrong.includes(`${products} ${variant}`) ? 'computes wrong' : null;
    },
    time: async (products, variants) => {
      calls.push(`time ${products} ${variants.join()}`);
      return new Map(variants.map((variant) => [variant, times[products][variant]!]));
    },
  };
  return { trials, calls };
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
    const reports = await chooseKernels(trials, candidatesOf(['f32', 'f16', 'int8']));
    expect(choiceOf(reports)).toEqual({ matvec: 'int8', matmul: 'f16' });
    expect(stateOf(reports, 'matvec int8')).toMatchObject({ state: 'active', microseconds: 40 });
    expect(stateOf(reports, 'matvec f32')).toMatchObject({ state: 'available', reason: 'int8 is preferred: faster' });
    expect(stateOf(reports, 'matvec subgroups')).toMatchObject({ state: 'refused', reason: 'needs more' });
    expect(calls).toContain('time matvec f32,f16,int8');
  });

  test('says of a less exact variant that it is not enough faster', async () => {
    const reports = await chooseKernels(trialsOf(times).trials, candidatesOf(['f32', 'subgroups', 'f16']));
    expect(choiceOf(reports).matvec).toBe('subgroups');
    expect(stateOf(reports, 'matvec f16').reason).toMatch(/subgroups is preferred: nearly as fast and more exact/);
  });

  test('does not use, nor time, what computes wrong, and reports it', async () => {
    const { trials, calls } = trialsOf(times, ['matvec int8']);
    const reports = await chooseKernels(trials, candidatesOf(['f32', 'f16', 'int8']));
    expect(choiceOf(reports).matvec).toBe('f16');
    expect(stateOf(reports, 'matvec int8')).toMatchObject({ state: 'failed', reason: 'computes wrong' });
    expect(calls).toContain('time matvec f32,f16');
  });

  test('reports what does not compile at the size of the model', async () => {
    const { trials } = trialsOf({ ...times, matvec: { f32: 100, int8: Infinity } });
    const reports = await chooseKernels(trials, candidatesOf(['f32', 'int8']));
    expect(stateOf(reports, 'matvec int8')).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/compile/),
    });
    expect(choiceOf(reports).matvec).toBe('f32');
  });

  test('times nothing where the plain kernels are alone', async () => {
    const { trials, calls } = trialsOf(times, ['matmul int8']);
    const reports = await chooseKernels(trials, candidatesOf(['f32']));
    expect(choiceOf(reports)).toEqual({ matvec: 'f32', matmul: 'f32' });
    expect(calls).toEqual(['check matvec f32', 'check matmul f32']);
  });

  test('refuses a device on which the plain kernels compute wrong', async () => {
    const { trials } = trialsOf(times, ['matmul f32']);
    await expect(chooseKernels(trials, candidatesOf(['f32', 'f16']))).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: 'This graphics device cannot be used: even its plain kernels fail (matmul f32: computes wrong).',
    });
  });
});

describe('a variant that is asked for', () => {
  test('is active, or what serves in its place', async () => {
    const { trials, calls } = trialsOf({ matvec: {}, matmul: {} });
    const candidates = candidatesOf(['f32', 'subgroups']);
    const reports = await forceKernels(trials, candidates, 'subgroup-matrix');
    expect(stateOf(reports, 'matvec subgroups').state).toBe('active');
    expect(stateOf(reports, 'matvec f32')).toMatchObject({
      state: 'available',
      reason: 'subgroup-matrix was asked for',
    });
    expect(reports.filter(({ state }) => state === 'active')).toHaveLength(2);
    expect(calls).toEqual(['check matvec subgroup-matrix', 'check matmul subgroup-matrix']);
  });

  test('is an error where it computes wrong', async () => {
    const { trials } = trialsOf({ matvec: {}, matmul: {} }, ['matvec f16']);
    await expect(forceKernels(trials, candidatesOf(['f32', 'f16']), 'f16')).rejects.toMatchObject({
      name: 'UnsupportedError',
      message: expect.stringMatching(/f16.*computes wrong/),
    });
  });
});

test('an earlier choice is right as long as its active variants are', async () => {
  const reports = candidatesOf(['f32', 'f16']);
  stateOf(reports, 'matvec f16').state = 'active';
  stateOf(reports, 'matmul f32').state = 'active';
  const right = trialsOf({ matvec: {}, matmul: {} }, ['matmul f16']);
  expect(await areRight(right.trials, reports)).toBe(true);
  expect(right.calls).toEqual(['check matvec f16', 'check matmul f32']);
  expect(await areRight(trialsOf({ matvec: {}, matmul: {} }, ['matvec f16']).trials, reports)).toBe(false);
});
