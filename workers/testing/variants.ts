import { tileVariant } from '../kernels/shared/tileProducts';
import type { KernelVariant } from '../protocol/kernels';
import type { MatrixFormat } from '../quant/layout';

/** The variants of kernels for small batches. */
export const TILE_VARIANTS = ['f32', 'f16', 'int8', 'subgroups'] as const satisfies readonly KernelVariant[];

/** Normalised mean squared error that a variant's rounding of activations may cause at most. */
export function tileTolerance(format: MatrixFormat, variant: KernelVariant): number {
  return { f32: 1e-11, subgroups: 1e-11, f16: 1e-5, int8: 1e-8 }[tileVariant(format, variant)];
}
