import { matmulVariant, type MatrixUnit } from '../kernels/matmul/matmul';
import { tileVariant } from '../kernels/shared/tileProducts';
import type { KernelReport, KernelVariant, ProductClass } from '../protocol/kernels';
import type { MatrixFormat } from '../quant/layout';

/**
 * Which variant multiplies by packed weights, and what else of a device decides on kernels. They fall back to another variant
 * for weight formats that one lacks. All of 1 to 8 rows take one, so that checking drafted tokens gives what decoding would.
 */
export interface KernelChoice extends Readonly<Record<ProductClass, KernelVariant>> {
  /** For 'subgroup-matrix'; without one, other kernels serve in its place. */
  readonly matrixUnit?: MatrixUnit;
  /** Where a processor computes: attention is given small workgroups. */
  readonly isOnProcessor?: boolean;
}

/** Right on every device. */
export const PLAIN_KERNELS: KernelChoice = { matvec: 'f32', matmul: 'f32' };

export const PRODUCT_CLASSES = ['matvec', 'matmul'] as const satisfies readonly ProductClass[];

/** All variants: f32, then those that most is expected of, since the first load may have no time to try all. */
export const VARIANTS = [
  'f32',
  'subgroup-matrix',
  'f16',
  'int8',
  'subgroups',
  'registers',
] as const satisfies readonly KernelVariant[];

/** The variant that computes such products where `wanted` is asked for. */
export function formOf(
  products: ProductClass,
  format: MatrixFormat,
  wanted: KernelVariant,
  matrixUnit?: MatrixUnit,
): KernelVariant {
  return products === 'matvec' ? tileVariant(format, wanted) : matmulVariant(format, wanted, matrixUnit);
}

/**
 * What a variant's time is multiplied by before it is compared. Those that compute in f32 compete on speed alone; those
 * that round activations cost accuracy, and are taken only where they are that much faster: halves have 11 bits, pairs of
 * bytes 16.
 */
const HANDICAPS: Record<KernelVariant, number> = {
  f32: 1,
  subgroups: 1,
  registers: 1,
  f16: 1.15,
  'subgroup-matrix': 1.15,
  int8: 1.05,
};

/** The variant to compute with, of those timed; one at least. */
export function preferredVariant(microseconds: ReadonlyMap<KernelVariant, number>): KernelVariant {
  const handicapped = Array.from(microseconds, ([variant, time]) => [variant, time * HANDICAPS[variant]] as const);
  return handicapped.reduce((best, other) => (other[1] < best[1] ? other : best))[0];
}

/** The choice that reports describe: their active variants. */
export function choiceOf(reports: readonly KernelReport[]): Record<ProductClass, KernelVariant> {
  const active = (products: ProductClass) =>
    reports.find((report) => report.products === products && report.state === 'active')?.variant ?? 'f32';
  return { matvec: active('matvec'), matmul: active('matmul') };
}

/** Whether a row of a small batch has the bits that it has alone with these active variants, as far as trials have shown. */
export function areBatchesExact(reports: readonly KernelReport[]): boolean {
  return reports.every(({ state, isBatchExact = true }) => state !== 'active' || isBatchExact);
}
