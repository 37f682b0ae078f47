import { engineError } from '../errors';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import type { Deadline } from './deadline';
import { preferredVariant, PRODUCT_CLASSES, VARIANTS } from './kernelChoice';
import { because } from './kernelReasons';
import type { KernelTrials } from './kernelTrials';
import type { SelfTestResult } from './selfTest';

/** A variant that so many loads could not try is given up: what is that slow to try gains little. */
const MOST_LATE_TRIALS = 3;

/**
 * One variant of each class is made active: the plain one, which is tested first, or the best of those that there is time
 * to test and time. The others stay available, for `goOnChoosing`. Throws UnsupportedError where not even the plain kernels
 * are right.
 */
export async function chooseKernels(
  trials: KernelTrials,
  candidates: readonly KernelReport[],
  deadline: Deadline,
): Promise<KernelReport[]> {
  const reports = await plainKernels(trials, candidates);
  await tryOthers(trials, reports, deadline);
  return reports;
}

/** Makes the plain kernels active, and tries no others. Throws UnsupportedError where they are not right. */
export async function plainKernels(trials: KernelTrials, candidates: readonly KernelReport[]): Promise<KernelReport[]> {
  const reports = candidates.map((report) => ({ ...report }));
  for (const report of reports) if (report.variant === 'f32') report.state = 'active';
  const wrong = await testActive(trials, reports);
  if (wrong) {
    throw engineError(
      'UnsupportedError',
      `This graphics device cannot be used: even its plain kernels fail (${wrong.name}: ${wrong.reason}).`,
    );
  }
  return reports;
}

/**
 * Takes up an earlier choice: tests what it made active, and tries what it had no time for. Null where something active is
 * not right any more.
 */
export async function goOnChoosing(
  trials: KernelTrials,
  earlier: readonly KernelReport[],
  deadline: Deadline,
): Promise<KernelReport[] | null> {
  const reports = earlier.map((report) => ({ ...report }));
  if (await testActive(trials, reports)) return null;
  await tryOthers(trials, reports, deadline);
  return reports;
}

/** Tests the active variants, however long it takes. The name of one that is wrong, and why. */
async function testActive(
  trials: KernelTrials,
  reports: readonly KernelReport[],
): Promise<{ name: string; reason: string } | undefined> {
  const active = reports.filter(({ state }) => state === 'active');
  const results = await Promise.all(active.map(({ products, variant }) => trials.check(products!, variant!)));
  for (const [i, { isBatchExact }] of results.entries()) noteBatches(active[i]!, isBatchExact);
  const wrong = results.findIndex((result) => result.wrong !== null);
  return wrong < 0 ? undefined : { name: active[wrong]!.name, reason: results[wrong]!.wrong! };
}

function noteBatches(report: KernelReport, isBatchExact: boolean): void {
  if (isBatchExact) delete report.isBatchExact;
  else report.isBatchExact = false;
}

/** Tests and times the variants that were not, one after the other while there is time. */
async function tryOthers(trials: KernelTrials, reports: readonly KernelReport[], deadline: Deadline): Promise<void> {
  const untried = untriedOf(reports);
  const begin = (i: number, idle: Promise<unknown>): Promise<SelfTestResult> | null => {
    const next = untried[i];
    if (!next || deadline.isOver) return null;
    const testing = trials.check(next.products!, next.variant!, idle);
    // Where something else fails first, nobody waits for it.
    testing.catch(() => undefined);
    return testing;
  };
  let testing = begin(0, Promise.resolve());
  for (const [i, report] of untried.entries()) {
    const result = testing && (await deadline.wait(testing, null));
    // In a moment: the next one begins to compile first, and goes on while this one is timed.
    const judging = Promise.resolve().then(() => result && judge(trials, reports, report, result, deadline));
    testing = begin(i + 1, judging);
    if (await judging) delete report.lateTrials;
    // One that could not even begin counts as well: where every load is too slow for trials, they come to an end.
    else report.lateTrials = (report.lateTrials ?? 0) + 1;
    if (deadline.isOver) break;
  }
  for (const products of PRODUCT_CLASSES) explain(reports, products);
}

/**
 * In the order of VARIANTS, the classes in turn; but what earlier loads had no time for comes last, so that a variant
 * that takes long to compile does not keep the others from their trial.
 */
function untriedOf(reports: readonly KernelReport[]): KernelReport[] {
  const untried = reports.filter(
    ({ state, microseconds, lateTrials = 0 }) =>
      state === 'available' && microseconds === undefined && lateTrials < MOST_LATE_TRIALS,
  );
  return VARIANTS.flatMap((wanted) => untried.filter(({ variant }) => variant === wanted)).sort(
    (a, b) => (a.lateTrials ?? 0) - (b.lateTrials ?? 0),
  );
}

/**
 * Times a variant that was tested, beside the active one, and makes the preferred of both active. False without the time or
 * the memory for that.
 */
async function judge(
  trials: KernelTrials,
  reports: readonly KernelReport[],
  report: KernelReport,
  { wrong, isBatchExact }: SelfTestResult,
  deadline: Deadline,
): Promise<boolean> {
  if (wrong !== null) {
    Object.assign(report, failed('failed-trial', wrong));
    return true;
  }
  noteBatches(report, isBatchExact);
  const active = activeOf(reports, report.products!);
  if (deadline.isOver) return false;
  const times = await trials.time(report.products!, [active.variant!, report.variant!], deadline);
  if (!times) return false;
  const preferred = preferredVariant(times);
  for (const one of [active, report]) {
    const microseconds = times.get(one.variant!)!;
    one.state = one.variant === preferred ? 'active' : 'available';
    if (microseconds === Infinity) {
      if (one.variant !== preferred) Object.assign(one, failed('too-large'));
      continue;
    }
    one.microseconds = microseconds;
  }
  return true;
}

function activeOf(reports: readonly KernelReport[], products: ProductClass): KernelReport {
  return reports.find((report) => report.products === products && report.state === 'active')!;
}

function failed(...why: Parameters<typeof because>): Partial<KernelReport> {
  return { state: 'failed', ...because(...why) };
}

/** Says of each variant that could be used why it is not. */
function explain(reports: readonly KernelReport[], products: ProductClass): void {
  const active = activeOf(reports, products);
  delete active.reason;
  delete active.because;
  for (const report of reports) {
    if (report.products !== products || report.state !== 'available') continue;
    const { microseconds, lateTrials = 0 } = report;
    if (microseconds === undefined) {
      const isGivenUp = lateTrials >= MOST_LATE_TRIALS;
      Object.assign(report, isGivenUp ? because('given-up', `${lateTrials}`) : because('no-time'));
    } else {
      const isFaster = microseconds < (active.microseconds ?? 0);
      Object.assign(report, because(isFaster ? 'hardly-faster' : 'slower', active.variant));
    }
  }
}

/**
 * Makes `wanted` active, or what serves in its place where it has no form for most weights.
 * Throws UnsupportedError where it gives wrong products.
 */
export async function forceKernels(
  trials: KernelTrials,
  candidates: readonly KernelReport[],
  wanted: KernelVariant,
): Promise<KernelReport[]> {
  const results = new Map<ProductClass, SelfTestResult>();
  for (const products of PRODUCT_CLASSES) {
    const result = await trials.check(products, wanted);
    results.set(products, result);
    if (result.wrong === null) continue;
    const message = `The kernels ${wanted}, which were asked for, do not work here: ${result.wrong}.`;
    throw engineError('UnsupportedError', message);
  }
  return candidates.map((report): KernelReport => {
    const { name, products, variant } = report;
    if (variant === trials.formOf(products!, wanted)) {
      const active: KernelReport = { name, products, variant, state: 'active' };
      noteBatches(active, results.get(products!)!.isBatchExact);
      return active;
    }
    return report.state === 'available' ? { ...report, ...because('not-asked-for', wanted) } : report;
  });
}
