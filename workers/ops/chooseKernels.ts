import { engineError } from '../errors';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import { choiceOf, preferredVariant, PRODUCT_CLASSES } from './kernelChoice';
import { because } from './kernelReasons';
import type { KernelTrials } from './kernelTrials';

/**
 * Tests every candidate that is available, times those that are right, and makes one of each class active.
 * Throws UnsupportedError where not even the plain kernels are right.
 */
export async function chooseKernels(
  trials: KernelTrials,
  candidates: readonly KernelReport[],
): Promise<KernelReport[]> {
  const reports = candidates.map((report) => ({ ...report }));
  // All at once: drivers compile several shaders side by side.
  const available = reports.filter(({ state }) => state === 'available');
  await Promise.all(available.map((report) => test(trials, report)));
  for (const products of PRODUCT_CLASSES) {
    const ofClass = available.filter((report) => report.products === products);
    const right = new Map(ofClass.filter(({ state }) => state !== 'failed').map((report) => [report.variant!, report]));
    if (!right.has('f32')) {
      const { reason } = ofClass.find(({ variant }) => variant === 'f32')!;
      throw engineError(
        'UnsupportedError',
        `This graphics device cannot be used: even its plain kernels fail (${products} f32: ${reason}).`,
      );
    }
    await prefer(trials, products, right);
  }
  return reports;
}

async function test(trials: KernelTrials, report: KernelReport): Promise<void> {
  const wrong = await trials.check(report.products!, report.variant!);
  if (wrong !== null) Object.assign(report, failed('failed-trial', wrong));
}

/** Makes the fastest of the variants active, each in proportion to what it costs in accuracy. */
async function prefer(
  trials: KernelTrials,
  products: ProductClass,
  right: ReadonlyMap<KernelVariant, KernelReport>,
): Promise<void> {
  if (right.size === 1) {
    right.get('f32')!.state = 'active';
    return;
  }
  const times = await trials.time(products, [...right.keys()]);
  const preferred = preferredVariant(times);
  for (const [variant, report] of right) {
    const microseconds = times.get(variant)!;
    if (microseconds === Infinity) {
      Object.assign(report, failed('too-large'));
      continue;
    }
    report.microseconds = microseconds;
    if (variant === preferred) report.state = 'active';
    else Object.assign(report, because(microseconds < times.get(preferred)! ? 'hardly-faster' : 'slower', preferred));
  }
}

function failed(...why: Parameters<typeof because>): Partial<KernelReport> {
  return { state: 'failed', ...because(...why) };
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
  for (const products of PRODUCT_CLASSES) {
    const wrong = await trials.check(products, wanted);
    if (wrong === null) continue;
    throw engineError('UnsupportedError', `The kernels ${wanted}, which were asked for, do not work here: ${wrong}.`);
  }
  return candidates.map((report) => {
    const { name, products, variant } = report;
    if (variant === trials.formOf(products!, wanted)) return { name, products, variant, state: 'active' };
    return report.state === 'available' ? { ...report, ...because('not-asked-for', wanted) } : report;
  });
}

/** Whether the variants that reports call active still give right products. */
export async function areRight(trials: KernelTrials, reports: readonly KernelReport[]): Promise<boolean> {
  const choice = choiceOf(reports);
  const wrongs = await Promise.all(PRODUCT_CLASSES.map((products) => trials.check(products, choice[products])));
  return wrongs.every((wrong) => wrong === null);
}
